"""Tests of questions across modules."""
