"""Folders for tests that run whole installations."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def ground() -> Iterator[Path]:
    """A folder of this test's own; PostgreSQL's account reaches it whatever other test runs do with pytest's folders."""
    with tempfile.TemporaryDirectory(prefix="shuke-ground-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def shared_ground() -> Iterator[Path]:
    """The same for all tests of a file."""
    with tempfile.TemporaryDirectory(prefix="shuke-ground-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)
