"""Times of commands: how they are read and printed.

A time is China's unless it says otherwise, as in list files, and is printed in China's time with
its offset, such as ``2026-11-25 16:30:00+08:00``. JSON has milliseconds since the epoch.
"""

import re
from datetime import datetime, timedelta, timezone
from typing import Annotated

import typer

from fanzha.translation.catalogue import gettext

CHINA_TIME = timezone(timedelta(hours=8))
Since = Annotated[
    str,
    typer.Option(
        "--since",
        help="From then on: 30m, 24h or 7d ago, 2026-11-25, or 2026-11-25T08:30 in China's time.",
    ),
]
Until = Annotated[
    str,
    typer.Option("--until", help="Before then, given like --since.", show_default="now"),
]
_LAST_S = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=CHINA_TIME).timestamp())
_SPAN = re.compile(r"([0-9]{1,6})\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def moment(text: str, now_ms: int, option: str) -> int:
    """Read when something was: how long ago, such as ``24h``, a date or a time; 0 for no text."""
    if not text:
        return 0
    ago = _span_ms(text)
    return _moment(text, option) if ago is None else max(1, now_ms - ago)


def ahead(text: str, now_ms: int, option: str) -> int:
    """Read when something will be: how far ahead, such as ``2h``, or as `moment` does."""
    if not text:
        return 0
    span = _span_ms(text)
    return _moment(text, option) if span is None else now_ms + span


def written(at_ms: int) -> str:
    """Write a time."""
    return _at(at_ms // 1000).isoformat(" ")


def day(at_s: int) -> str:
    """Write the day of a time."""
    return _at(at_s).date().isoformat()


def month_before(at_ms: int) -> str:
    """Write the month before that of a time, such as ``2026-11``."""
    first = datetime.fromtimestamp(at_ms // 1000, CHINA_TIME).replace(day=1)
    return f"{first - timedelta(days=1):%Y-%m}"


def last_day(end_s: int) -> str:
    """Write the last day before an end: an entry that expires on a day holds all through it."""
    return day(end_s - 1)


def _at(at_s: int) -> datetime:
    """Return a time; one that a server sends and no calendar has, as the last that it has."""
    return datetime.fromtimestamp(min(max(at_s, 0), _LAST_S), CHINA_TIME)


def _span_ms(text: str) -> int | None:
    found = _SPAN.fullmatch(text.strip())
    return int(found[1]) * _SECONDS[found[2]] * 1000 if found else None


def _moment(text: str, option: str) -> int:
    try:
        at = datetime.fromisoformat(text.strip())
        at = at if at.tzinfo else at.replace(tzinfo=CHINA_TIME)
        return max(1, int(at.timestamp() * 1000))
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            gettext(
                "{text!r} is neither a span such as 30m, 24h or 7d nor a date or time such as "
                "2026-11-25 or 2026-11-25T08:30",
                text=text[:50],
            ),
            param_hint=option,
        ) from None
