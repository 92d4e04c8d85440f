"""How long ago something was, as people say it."""

import time

import pytest
import typer

from services.cli.appeals.options import past_ms


@pytest.mark.parametrize(("word", "seconds"), [("30m", 1800), ("12h", 43_200), ("2d", 172_800)])
def test_minutes_hours_and_days_ago_are_read(word: str, seconds: int) -> None:
    before = int(time.time() * 1000)

    found = past_ms(word, "--since")

    assert before <= found + seconds * 1000 <= int(time.time() * 1000) + 1


@pytest.mark.parametrize("word", ["m", "10x", "soon"])
def test_what_is_no_time_is_refused(word: str) -> None:
    with pytest.raises(typer.BadParameter):
        past_ms(word, "--since")
