"""Reads times in arguments: an age, or a date."""

import re
from datetime import UTC, datetime

import typer

from fanzha.translation.catalogue import gettext

_AGO = re.compile(r"([0-9]{1,6})([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def moment(text: str, now_ms: int, option: str) -> int:
    """Read ``24h``, ``2026-11-25`` or ``2026-11-25T08:30``, in UTC; 0 for an empty text."""
    if not text:
        return 0
    ago = _AGO.fullmatch(text)
    if ago is not None:
        return max(1, now_ms - int(ago[1]) * _SECONDS[ago[2]] * 1000)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            gettext(
                "{text!r} is neither an age such as 24h or 7d nor a date such as 2026-11-25",
                text=text,
            ),
            param_hint=option,
        ) from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def written(at_ms: int) -> str:
    """Write a time, in UTC."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}Z"
