"""Notices of retraction as they are read from their stream."""

import pytest

from fanzha.errors import InvalidInput
from services.warning.retractions import notices


def test_an_unreadable_notice_is_refused() -> None:
    with pytest.raises(InvalidInput, match="retraction"):
        notices.read({"entry_id": "x"})
