"""A program of Alice's."""

from __future__ import annotations

import pytest

from tests import make
from tests.api.program import Program, program


@pytest.fixture
def erp(alice: make.Place) -> Program:
    """A program that may do everything at Alice's."""
    return program(alice)
