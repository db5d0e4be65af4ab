"""A few requests of every kind that the document allows, and some it does not; `tests.load.any_request` makes more."""

from __future__ import annotations

import pytest

from shuke.api.route import routes
from tests.load.any_request import any_request

pytestmark = pytest.mark.slow


def test_whatever_is_asked_the_answer_is_one_the_document_names() -> None:
    count, wrong = any_request(examples=4, seed=1)
    assert wrong == []
    assert count >= 2 * len(routes())
