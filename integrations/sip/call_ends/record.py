"""Records of ended calls that switches write: JSON lines, or CSV."""

import csv
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, get_args

from fanzha.client import CallEnd

CallEndField = Literal["caller", "callee", "ended_at", "answered", "seconds"]
"""What is read of a record; the last three may be missing."""
_ANSWERED = frozenset({"true", "1", "yes", "y", "answered", "answer", "200", "normal_clearing"})
_MILLISECONDS_FROM = 10**11
"""Times beyond count milliseconds: in seconds, they are after the year 5000."""
_MOST_CHARACTERS = 256
_MOST_SECONDS = 7 * 86_400


class MalformedRecord(ValueError):
    """A line that is no record."""


class CallEndReader:
    """Reads lines; *names* says how the switch calls a field, *columns* those of a CSV in order.

    Without *columns*, the first line of each file of CSV names them.
    """

    def __init__(
        self, *, is_csv: bool, names: Mapping[CallEndField, str], columns: Sequence[str] = ()
    ) -> None:
        self._is_csv = is_csv
        self._names = {field: names.get(field, field) for field in get_args(CallEndField)}
        self._columns = tuple(columns)

    @property
    def needs_header(self) -> bool:
        """Whether the first line of a file names its columns."""
        return self._is_csv and not self._columns

    def header(self, line: str) -> tuple[str, ...]:
        """Read the first line of a file."""
        return tuple(name.strip() for name in _cells(line))

    def read(self, line: str, header: Sequence[str] = ()) -> CallEnd:
        """Read a line; `MalformedRecord` where it is none. *header* is that of its file."""
        record = self._record(line, self._columns or header)
        caller, callee = (_party(record, self._names[name]) for name in ("caller", "callee"))
        seconds = _seconds(record.get(self._names["seconds"]))
        answered = record.get(self._names["answered"])
        talked = seconds > 0 if _is_absent(answered) else str(answered).lower() in _ANSWERED
        return CallEnd(
            caller=caller,
            callee=callee,
            ended_at_ms=_time_ms(record.get(self._names["ended_at"])),
            answered=talked,
            duration_ms=round(seconds * 1000) if talked else 0,
        )

    def _record(self, line: str, columns: Sequence[str]) -> Mapping[str, Any]:
        if self._is_csv:
            return dict(zip(columns, _cells(line), strict=False))
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise MalformedRecord("no JSON") from error
        if not isinstance(record, dict):
            raise MalformedRecord("no JSON object")
        return record


def _cells(line: str) -> list[str]:
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error as error:
        raise MalformedRecord("no CSV") from error


def _is_absent(value: Any) -> bool:
    return value is None or value == ""


def _party(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not 0 < len(value) <= _MOST_CHARACTERS:
        raise MalformedRecord("a party is missing")
    return value.encode("utf-8", "replace").decode()


def _seconds(value: Any) -> float:
    try:
        seconds = 0.0 if _is_absent(value) else float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise MalformedRecord("the duration is no number") from error
    if not 0 <= seconds <= _MOST_SECONDS:
        raise MalformedRecord("no call is so long")
    return seconds


def _time_ms(value: Any) -> int:
    """Return a time since the Unix epoch; 0, which is now, without one.

    Seconds, milliseconds, or ISO 8601, which is local time unless it says otherwise.
    """
    if _is_absent(value):
        return 0
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return _iso_ms(str(value))
    if not 0 <= number < _MILLISECONDS_FROM * 1000:
        raise MalformedRecord("the time is out of range")
    return round(number if number >= _MILLISECONDS_FROM else number * 1000)


def _iso_ms(text: str) -> int:
    try:
        return max(0, round(datetime.fromisoformat(text).astimezone().timestamp() * 1000))
    except (ValueError, OverflowError, OSError) as error:
        raise MalformedRecord("the time cannot be read") from error
