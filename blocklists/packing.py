"""Entry tables as bytes, for the store: columns end to end, compressed, with a checksum.

Columns are named, so what an earlier release packed is read: it had no shadow entries. A table
with shadow entries must not be read by such a release, which would let them block: it names its
provenance otherwise, and an earlier release refuses it and stays at the lists it has.
"""

import json
import zlib
from typing import Any

import numpy as np

from blocklists.entries import Mode
from blocklists.entry_table import EntryTable, Identities
from blocklists.provenance import WrittenProvenance, written
from blocklists.text_column import TextColumn

_COLUMNS = ("kinds", "keys", "digits", "actions")
_ENTRY_COLUMNS = ("directions", "fraud_types", "expires_s", "provenances")
_MODES = "modes"
_PROVENANCE, _WITH_SHADOWS = "provenance_blob", "provenance_of_shadows_too"
_LEVEL = 1
"""Quick to pack; sorted numbers shrink to a third already."""


class DamagedPack(ValueError):
    """Bytes are not what was packed."""


def pack(table: Identities) -> bytes:
    """Write a table, or mere identities, as bytes."""
    names = _COLUMNS + (_ENTRY_COLUMNS if isinstance(table, EntryTable) else ())
    columns = {name: getattr(table, name) for name in names}
    columns |= {"offsets": table.patterns.offsets, "blob": table.patterns.blob}
    if isinstance(table, EntryTable):
        behind = written(table.provenance)
        shadows = (table.modes == Mode.SHADOW).any()
        columns |= {"provenance_offsets": behind.offsets, _MODES: table.modes}
        columns[_WITH_SHADOWS if shadows else _PROVENANCE] = behind.blob
    head = json.dumps([[name, c.dtype.str, len(c)] for name, c in columns.items()]).encode()
    body = b"".join(np.ascontiguousarray(column).tobytes() for column in columns.values())
    plain = len(head).to_bytes(4, "little") + head + body
    packed = zlib.compress(plain, _LEVEL)
    return zlib.crc32(packed).to_bytes(4, "little") + packed


def unpack_entries(packed: bytes) -> EntryTable:
    """Read a table; raise `DamagedPack` when it is none."""
    columns = _unpack(packed)
    blob = columns.get(_PROVENANCE, columns.get(_WITH_SHADOWS))
    if blob is None:
        raise DamagedPack("identities, where entries were expected")
    return EntryTable(
        **{name: columns[name] for name in _COLUMNS + _ENTRY_COLUMNS},
        patterns=_patterns(columns),
        provenance=WrittenProvenance(TextColumn(offsets=columns["provenance_offsets"], blob=blob)),
        **({_MODES: columns[_MODES]} if _MODES in columns else {}),
    )


def unpack_identities(packed: bytes) -> Identities:
    """Read identities; raise `DamagedPack` when there are none."""
    columns = _unpack(packed)
    return Identities(**{name: columns[name] for name in _COLUMNS}, patterns=_patterns(columns))


def _unpack(packed: bytes) -> dict[str, Any]:
    checksum, body = packed[:4], packed[4:]
    if zlib.crc32(body) != int.from_bytes(checksum, "little"):
        raise DamagedPack("checksum is wrong")
    try:
        plain = zlib.decompress(body)
    except zlib.error as error:
        raise DamagedPack(str(error)) from error
    length = int.from_bytes(plain[:4], "little")
    columns, place = {}, 4 + length
    for name, dtype, rows in json.loads(plain[4 : 4 + length]):
        columns[name] = np.frombuffer(plain, np.dtype(dtype), rows, place)
        place += columns[name].nbytes
    return columns


def _patterns(columns: dict[str, Any]) -> TextColumn:
    return TextColumn(offsets=columns["offsets"], blob=columns["blob"])
