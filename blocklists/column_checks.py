"""Checks columns that came from a store or a file, which anybody may have written.

Readers of columns call these before the first look-up, so that a forged column is refused as a
whole. All work on whole columns; only texts and provenance
are read one by one. Every check raises `BadColumns`, and nothing else.
"""

import json
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from blocklists.entries import Direction, EntryKind, EntryMode, Source
from blocklists.region_codes import is_code
from blocklists.text_column import TextColumn
from fanzha.decisions import Action
from fanzha.fingerprint import is_fingerprint
from fanzha.fraud import FraudType
from fanzha.translation.message import Message

Column = npt.NDArray[Any]

_LATEST_S = 253_402_300_799
"""The end of the year 9999: later times cannot be written out."""
_POWERS = 10 ** np.arange(18, dtype=np.int64)
_PROVENANCE_TEXTS = ("reason", "legal_basis", "created_by")
_LATER_TEXTS = ("approved_by", "campaign", "region")


class BadColumns(ValueError):
    """Columns hold values that no writer produces."""


class UnknownValue(BadColumns):
    """A column holds a kind of thing that this release does not know; a newer one may."""


def whole_number(value: object, what: str, *, most: int = 2**63 - 1) -> int:
    """Return *value* if it is a whole number from 0 to *most*."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise BadColumns(Message("{what} is no number from 0 to {most}", what=what, most=most))
    return value


def members(column: Column, known: object, what: str) -> None:
    """Check that each value is one of the enum *known*."""
    values = [int(one) for one in known]  # type: ignore[attr-defined]
    if len(column) and not np.isin(column, values).all():
        raise UnknownValue(
            Message("{what}: holds a value that this release does not know", what=what)
        )


def kinds(column: Column) -> None:
    """Check kinds of entries."""
    members(column, EntryKind, "kinds")


def actions(column: Column) -> None:
    """Check actions of entries."""
    members(column, Action, "actions")


def contents(*, directions: Column, fraud_types: Column, modes: Column | None = None) -> None:
    """Check what else an entry is made of."""
    members(directions, (Direction.FROM, Direction.TO, Direction.BOTH), "directions")
    members(fraud_types, FraudType, "fraud_types")
    if modes is not None:
        members(modes, EntryMode, "modes")


def texts(column: TextColumn, rows: int, what: str) -> None:
    """Check that a column holds *rows* texts in UTF-8, end to end."""
    offsets = column.offsets
    if len(offsets) != rows + 1:
        raise BadColumns(
            Message(
                "{what}: {found} offsets for {rows} rows", what=what, found=len(offsets), rows=rows
            )
        )
    steps = offsets[1:] < offsets[:-1]
    if offsets[0] != 0 or offsets[-1] != len(column.blob) or steps.any():
        raise BadColumns(
            Message(
                "{what}: offsets are not ascending from 0 to the length of the texts", what=what
            )
        )
    try:
        whole = column.blob.tobytes().decode()
    except UnicodeDecodeError as error:
        raise BadColumns(Message("{what}: is not UTF-8", what=what)) from error
    if not whole.isascii():
        inner = offsets[offsets < len(column.blob)].astype(np.int64)
        if ((column.blob[inner] & 0xC0) == 0x80).any():  # noqa: PLR2004 - UTF-8's own marks
            raise BadColumns(Message("{what}: a text begins within a letter", what=what))


def places(column: Column, room: int, what: str) -> None:
    """Check that each value is a place among *room*."""
    if len(column) and not (int(column.min()) >= 0 and int(column.max()) < room):
        raise BadColumns(Message("{what}: names a place beyond {room}", what=what, room=room))


def ascending(column: Column, what: str) -> None:
    """Check that values never fall."""
    if (column[1:] < column[:-1]).any():
        raise BadColumns(Message("{what}: is not sorted", what=what))


def number_keys(keys: Column) -> None:
    """Check keys of numbers and service codes, see `fanzha.phone`."""
    if not ((keys != 0) & (keys < 10**15) & (keys >= -2 * 10**18)).all():
        raise BadColumns(Message("keys: a number is none"))


def range_keys(keys: Column, digits: Column) -> None:
    """Check that the key of each range has the number of digits it declares."""
    number_keys(keys)
    first = _POWERS[digits.astype(np.int64) - 1]
    size = np.abs(keys)
    if not ((size >= first) & (size < first * 10)).all():
        raise BadColumns(Message("keys: a range has other digits than it says"))


def fingerprints(column: TextColumn) -> None:
    """Check that each text is a written fingerprint."""
    if not all(is_fingerprint(text.decode()) for text in column.all_raw()):
        raise BadColumns(Message("patterns: a fingerprint is none"))


def provenance(column: TextColumn) -> None:
    """Check that each text is a provenance."""
    for text in column.all_raw():
        _provenance(text)


@lru_cache(maxsize=16_384)  # an overlay has those of the version before, and a few more
def _provenance(text: bytes) -> None:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadColumns(Message("provenance: is no JSON")) from error
    if not isinstance(fields, dict):
        raise BadColumns(Message("provenance: is no JSON object"))
    values = [fields.get(name) for name in _PROVENANCE_TEXTS]
    values += [fields.get(name, "") for name in _LATER_TEXTS]
    if not all(isinstance(one, str) for one in values):
        raise BadColumns(Message("provenance: lacks a text, or has something else in its place"))
    # Fields that this release does not know are left as they are: provenance decides nothing.
    if (region := fields.get("region", "")) and not is_code(region):
        raise BadColumns(Message("provenance: has a region that is none"))
    for name in ("created_at_s", "review_at_s"):
        whole_number(fields.get(name, 0 if name == "review_at_s" else None), name, most=_LATEST_S)
    source = whole_number(fields.get("source"), "source")
    if source not in set(Source):
        raise UnknownValue(Message("provenance: has a source that this release does not know"))
