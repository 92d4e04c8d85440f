"""Entry tables as bytes, for the store: columns end to end, compressed, with a checksum.

Columns are named, so what an earlier release packed is read: it had no shadow entries. A table
with shadow entries must not be read by such a release, which would let them block: it names its
provenance otherwise, and an earlier release refuses it.

Anyone with access to the store can write anything, so packs are bounded before they are
unpacked, and checked column by column before it is used.
"""

import json
import zlib
from typing import Any

import numpy as np

from blocklists import column_checks
from blocklists.column_checks import BadColumns, UnknownValue, whole_number
from blocklists.entries import EntryKind, EntryMode
from blocklists.entry_table import EXACT, MOST_RANGE_DIGITS, EntryTable, Identities
from blocklists.provenance import EncodedProvenance, encode
from blocklists.text_column import TextColumn
from fanzha.translation.message import Message

_COLUMNS = ("kinds", "keys", "digits", "actions")
_ENTRY_COLUMNS = ("directions", "fraud_types", "expires_s", "provenances")
_MODES = "modes"
_PROVENANCE, _WITH_SHADOWS = "provenance_blob", "provenance_of_shadows_too"
_LEVEL = 1
"""Quick to pack; sorted numbers shrink to a third already."""
MOST_PLAIN_BYTES = 512 * 2**20
"""Of one pack, unpacked: a hundred thousand rows have some five thousand bytes each."""
MOST_RATIO = 200
"""Between a pack and what it unpacks to; a bomb of zeros has a thousand."""
_SMALL_BYTES = 2**20
"""What unpacks to so little may have any ratio."""
_MOST_HEAD_BYTES = 2**16

_DTYPES = {
    "kinds": ("|u1",),
    "keys": ("<i8",),
    "digits": ("|u1",),
    "actions": ("|u1",),
    "directions": ("|u1",),
    "fraud_types": ("|u1",),
    "expires_s": ("<u4",),
    "provenances": ("|u1", "<u2", "<u4"),
    "offsets": ("<u4", "<i8"),
    "blob": ("|u1",),
    "provenance_offsets": ("<u4", "<i8"),
    _MODES: ("|u1",),
    _PROVENANCE: ("|u1",),
    _WITH_SHADOWS: ("|u1",),
}
"""What each column may be made of; any other column is of a newer release."""


class DamagedPack(ValueError):
    """Bytes are not a valid pack."""


class NewerPack(DamagedPack):
    """Bytes hold what this release does not know: a newer one may have packed them."""


class TooLarge(ValueError):
    """So many rows cannot be one pack."""


def pack(table: Identities) -> bytes:
    """Write a table, or mere identities, as bytes."""
    names = _COLUMNS + (_ENTRY_COLUMNS if isinstance(table, EntryTable) else ())
    columns = {name: getattr(table, name) for name in names}
    columns |= {"offsets": table.patterns.offsets, "blob": table.patterns.blob}
    if isinstance(table, EntryTable):
        provenance_texts = encode(table.provenance)
        shadows = (table.modes == EntryMode.SHADOW).any()
        columns |= {"provenance_offsets": provenance_texts.offsets, _MODES: table.modes}
        columns[_WITH_SHADOWS if shadows else _PROVENANCE] = provenance_texts.blob
    head = json.dumps([[name, c.dtype.str, len(c)] for name, c in columns.items()]).encode()
    body = b"".join(np.ascontiguousarray(column).tobytes() for column in columns.values())
    plain = len(head).to_bytes(4, "little") + head + body
    if len(plain) > MOST_PLAIN_BYTES:
        raise TooLarge(f"{len(plain)} bytes are more than {MOST_PLAIN_BYTES}")
    packed = zlib.compress(plain, _LEVEL)
    if len(plain) > _most_plain(len(packed)):
        packed = zlib.compress(plain, 0)  # readers would reject it as a decompression bomb
    return zlib.crc32(packed).to_bytes(4, "little") + packed


def unpack_entries(packed: bytes) -> EntryTable:
    """Unpack a table; raise `DamagedPack` when it is malformed."""
    try:
        columns = _unpack(packed)
        return _checked(_entries(columns))
    except UnknownValue as error:
        raise NewerPack(*error.args) from error
    except BadColumns as error:
        raise DamagedPack(*error.args) from error


def unpack_identities(packed: bytes) -> Identities:
    """Unpack identities; raise `DamagedPack` when they are malformed."""
    try:
        columns = _unpack(packed)
        found = Identities(
            **_picked(columns, _COLUMNS),
            patterns=TextColumn(**_picked(columns, ("offsets", "blob"))),
        )
        _check_identities(found)
    except UnknownValue as error:
        raise NewerPack(*error.args) from error
    except BadColumns as error:
        raise DamagedPack(*error.args) from error
    return found


def _entries(columns: dict[str, Any]) -> EntryTable:
    blob = _PROVENANCE if _PROVENANCE in columns else _WITH_SHADOWS
    if blob not in columns:
        raise BadColumns(Message("identities, where entries were expected"))
    modes = {_MODES: columns[_MODES]} if _MODES in columns else {}
    if modes and len(modes[_MODES]) != len(columns.get("keys", ())):
        raise BadColumns(Message("modes: their number is not that of the keys"))
    provenance_texts = _picked(columns, ("provenance_offsets", blob))
    return EntryTable(
        **_picked(columns, _COLUMNS + _ENTRY_COLUMNS),
        patterns=TextColumn(**_picked(columns, ("offsets", "blob"))),
        provenance=EncodedProvenance(
            TextColumn(offsets=provenance_texts["provenance_offsets"], blob=provenance_texts[blob])
        ),
        **modes,
    )


def _checked(table: EntryTable) -> EntryTable:
    _check_identities(table)
    rows = len(table.keys)
    if any(len(getattr(table, name)) != rows for name in _ENTRY_COLUMNS):
        raise BadColumns(Message("columns differ in length"))
    column_checks.contents(
        directions=table.directions, fraud_types=table.fraud_types, modes=table.modes
    )
    provenance_texts = encode(table.provenance)
    if not len(provenance_texts.offsets):
        raise BadColumns(Message("provenance: has no offsets"))
    column_checks.texts(provenance_texts, len(provenance_texts), "provenance")
    column_checks.places(table.provenances, len(provenance_texts), "provenances")
    column_checks.provenance(provenance_texts)
    return table


def _check_identities(table: Identities) -> None:
    rows = len(table.keys)
    if any(len(getattr(table, name)) != rows for name in _COLUMNS):
        raise BadColumns(Message("columns differ in length"))
    column_checks.texts(table.patterns, rows, "patterns")
    column_checks.kinds(table.kinds)
    column_checks.actions(table.actions)
    is_range = table.kinds == EntryKind.RANGE
    digits = table.digits
    fits = np.where(is_range, (digits >= 1) & (digits <= MOST_RANGE_DIGITS), digits == EXACT)
    if not fits.all():
        raise BadColumns(Message("digits: do not fit the kind"))
    lengths = table.patterns.offsets[1:] - table.patterns.offsets[:-1]
    if ((lengths > 0) != (table.kinds >= EntryKind.SENDER)).any():
        raise BadColumns(Message("patterns: a text is missing, or one too many is there"))
    column_checks.number_keys(table.keys[table.kinds == EntryKind.NUMBER])
    column_checks.range_keys(table.keys[is_range], digits[is_range])
    prints = table.patterns.take(np.flatnonzero(table.kinds == EntryKind.FINGERPRINT))
    column_checks.fingerprints(prints)


def _unpack(packed: bytes) -> dict[str, Any]:
    checksum, body = packed[:4], packed[4:]
    if zlib.crc32(body) != int.from_bytes(checksum, "little"):
        raise BadColumns(Message("checksum is wrong"))
    plain = _plain(body)
    length = int.from_bytes(plain[:4], "little")
    if length > min(_MOST_HEAD_BYTES, len(plain) - 4):
        raise BadColumns(Message("the head is longer than it may be"))
    columns: dict[str, Any] = {}
    place = 4 + length
    for name, dtype, rows in _head(plain[4 : 4 + length]):
        if name in columns:
            raise BadColumns(Message("{name}: is there twice", name=name))
        size = np.dtype(dtype).itemsize * rows
        if size > len(plain) - place:
            raise BadColumns(Message("{name}: is longer than what there is", name=name))
        columns[name] = np.frombuffer(plain, np.dtype(dtype), rows, place)
        place += size
    if place != len(plain):
        raise BadColumns(Message("columns are followed by something else"))
    return columns


def _plain(body: bytes) -> bytes:
    """Decompress up to the bound."""
    unpacking, most = zlib.decompressobj(), _most_plain(len(body))
    try:
        plain = unpacking.decompress(body, most + 1)
    except zlib.error as error:
        raise BadColumns(str(error)) from error
    if len(plain) > most:
        raise BadColumns(Message("unpacks to more than {most} bytes", most=most))
    if not unpacking.eof or unpacking.unused_data:
        raise BadColumns(Message("the packed bytes end too early or too late"))
    return plain


def _most_plain(packed: int) -> int:
    return min(max(packed * MOST_RATIO, _SMALL_BYTES), MOST_PLAIN_BYTES)


def _head(text: bytes) -> list[tuple[str, str, int]]:
    try:
        items = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadColumns(Message("the head is no JSON")) from error
    if not isinstance(items, list):
        raise BadColumns(Message("the head is no list"))
    head = []
    for one in items:
        if not isinstance(one, list) or len(one) != 3:  # noqa: PLR2004 - name, dtype, rows
            raise BadColumns(
                Message("the head names a column otherwise than by name, dtype and rows")
            )
        name, dtype, rows = one
        if not isinstance(name, str) or name not in _DTYPES:
            raise UnknownValue(Message("the head names a column that this release does not know"))
        if dtype not in _DTYPES[name]:
            raise BadColumns(Message("{name}: is of another dtype", name=name))
        head.append((name, str(dtype), whole_number(rows, name, most=MOST_PLAIN_BYTES)))
    return head


def _picked(columns: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    missing = [name for name in names if name not in columns]
    if missing:
        raise BadColumns(Message("{name}: is missing", name=missing[0]))
    return {name: columns[name] for name in names}
