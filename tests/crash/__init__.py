"""Processes killed in the middle of their work; nothing acknowledged is lost and the end is the same."""
