"""How long ago something was, as people say it."""

import time
from datetime import datetime

import pytest
import typer
from hypothesis import example, given
from hypothesis import strategies as st

from services.cli.appeals.options import moment_ms, past_ms


@pytest.mark.parametrize(("word", "seconds"), [("30m", 1800), ("12h", 43_200), ("2d", 172_800)])
def test_minutes_hours_and_days_ago_are_read(word: str, seconds: int) -> None:
    before = int(time.time() * 1000)

    found = past_ms(word, "--since")

    assert before <= found + seconds * 1000 <= int(time.time() * 1000) + 1


@pytest.mark.parametrize("word", ["m", "10x", "soon"])
def test_an_invalid_time_is_refused(word: str) -> None:
    with pytest.raises(typer.BadParameter):
        past_ms(word, "--since")


@given(st.text(max_size=30) | st.text("0123456789dhm-:TZ+", max_size=30))
@example("9" * 400 + "d")
@example("9" * 5000 + "d")
def test_any_word_is_read_as_a_time_or_refused_by_name(word: str) -> None:
    try:
        at_ms = past_ms(word, "--since")
    except typer.BadParameter:
        return
    assert isinstance(at_ms, int)


@given(st.datetimes(timezones=st.timezones()))
def test_a_time_with_a_zone_is_that_instant(at: datetime) -> None:
    assert moment_ms(at.isoformat(), "--at") == int(at.timestamp() * 1000)
