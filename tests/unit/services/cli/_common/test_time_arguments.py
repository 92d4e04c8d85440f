"""Times of all commands are read and printed in one way."""

import ast
from datetime import datetime, timedelta

import pytest
import typer
from hypothesis import example, given
from hypothesis import strategies as st

from services.cli._common.time_arguments import ahead, day, last_day, moment, written
from tests.support.checkout import CHECKOUT

NOW_MS = 1_764_000_000_000
"""2025-11-24 16:00:00 UTC, midnight in China."""
MINUTE_MS = 60_000
COMMANDS = CHECKOUT / "services" / "cli"
ONLY = {"_common/time_arguments.py"}
FORMATS = {"strftime", "fromtimestamp", "fromisoformat", "astimezone", "localtime", "ctime"}
NOT_TIMES_OF_OUTPUT = {
    # Dates inside the wire, files and rows of data, of which none is printed.
    "lists/entry_messages.py",
    "report/display.py",
    "eval/groups.py",
}


def test_a_time_that_no_calendar_has_is_the_last_that_it_has() -> None:
    assert written(2**63 - 1) == "9999-12-31 23:59:59+08:00"
    assert day(2**63 - 1) == "9999-12-31"


@pytest.mark.parametrize(
    ("word", "minutes"), [("30s", 0.5), ("30m", 30), ("12h", 720), ("2 d", 2880), ("1w", 10_080)]
)
def test_spans_are_read_back_and_ahead(word: str, minutes: float) -> None:
    assert moment(word, NOW_MS, "--since") == NOW_MS - minutes * MINUTE_MS
    assert ahead(word, NOW_MS, "--due") == NOW_MS + minutes * MINUTE_MS


@pytest.mark.parametrize(
    "word", ["2025-11-25", "2025-11-25T00:00", "2025-11-24T16:00:00Z", "2025-11-24T15:00-01:00"]
)
def test_a_time_without_a_zone_is_chinas(word: str) -> None:
    assert moment(word, NOW_MS, "--since") == ahead(word, NOW_MS, "--due") == NOW_MS


@pytest.mark.parametrize("word", ["m", "10x", "soon", "2026-13-45", "now", "1e9", "１２h,"])
def test_another_word_is_a_usage_error(word: str) -> None:
    with pytest.raises(typer.BadParameter):
        moment(word, NOW_MS, "--since")
    with pytest.raises(typer.BadParameter):
        ahead(word, NOW_MS, "--due")


def test_no_word_is_no_time() -> None:
    assert moment("", NOW_MS, "--since") == ahead("", NOW_MS, "--due") == 0


@given(st.text(max_size=30) | st.text("0123456789dhm-:TZ+", max_size=30))
@example("9" * 400 + "d")
@example("9" * 5000 + "d")
@example("0001-01-01")
@example("0001-01-01T00:00+14:00")
@example("9999-12-31T23:59:59-12:00")
def test_any_word_is_read_as_a_time_or_refused(word: str) -> None:
    try:
        at_ms = moment(word, NOW_MS, "--since")
    except typer.BadParameter:
        return
    assert at_ms >= (1 if word else 0)


@given(
    st.datetimes(
        min_value=datetime(1971, 1, 1),
        timezones=st.timezones(),
    )
)
def test_a_time_with_a_zone_is_that_instant(at: datetime) -> None:
    assert moment(at.isoformat(), NOW_MS, "--at") == int(at.timestamp() * 1000)


@given(st.integers(1, 4_000_000_000))
def test_what_is_printed_can_be_typed(at_s: int) -> None:
    shown = written(at_s * 1000)

    assert moment(shown, NOW_MS, "--since") == at_s * 1000
    assert datetime.fromisoformat(shown).utcoffset() == timedelta(hours=8)


def test_a_time_is_printed_with_its_zone() -> None:
    assert written(NOW_MS) == "2025-11-25 00:00:00+08:00"


def test_an_entry_that_expires_on_a_day_holds_all_through_it() -> None:
    assert day(NOW_MS // 1000) == "2025-11-25"
    assert last_day(NOW_MS // 1000) == "2025-11-24"


def test_no_command_reads_or_prints_times_in_its_own_way() -> None:
    found = {}
    for file in sorted(COMMANDS.rglob("*.py")):
        name = file.relative_to(COMMANDS).as_posix()
        used = {
            node.attr
            for node in ast.walk(ast.parse(file.read_text("utf-8")))
            if isinstance(node, ast.Attribute) and node.attr in FORMATS
        }
        if used and name not in ONLY | NOT_TIMES_OF_OUTPUT:
            found[name] = used

    assert found == {}
