"""Entry tables as bytes, for the store: columns end to end, compressed, with a checksum."""

import json
import zlib
from dataclasses import asdict
from typing import Any

import numpy as np

from blocklists.entries import Source
from blocklists.entry_table import EntryTable, Identities, Provenance
from blocklists.text_column import TextColumn

_COLUMNS = ("kinds", "keys", "digits", "actions")
_ENTRY_COLUMNS = ("directions", "fraud_types", "expires_s", "provenances")
_LEVEL = 1
"""Quick to pack; sorted numbers shrink to a third already."""


class DamagedPack(ValueError):
    """Bytes are not what was packed."""


def pack(table: Identities) -> bytes:
    """Write a table, or mere identities, as bytes."""
    names = _COLUMNS + (_ENTRY_COLUMNS if isinstance(table, EntryTable) else ())
    columns = {name: getattr(table, name) for name in names}
    columns |= {"offsets": table.patterns.offsets, "blob": table.patterns.blob}
    provenance = [asdict(one) for one in getattr(table, "provenance", ())]
    head = json.dumps(
        {
            "columns": [[name, c.dtype.str, len(c)] for name, c in columns.items()],
            "provenance": provenance if isinstance(table, EntryTable) else None,
        }
    ).encode()
    body = b"".join(np.ascontiguousarray(column).tobytes() for column in columns.values())
    plain = len(head).to_bytes(4, "little") + head + body
    return zlib.crc32(plain).to_bytes(4, "little") + zlib.compress(plain, _LEVEL)


def unpack_entries(packed: bytes) -> EntryTable:
    """Read a table; raise `DamagedPack` when it is none."""
    head, columns = _unpack(packed)
    if head["provenance"] is None:
        raise DamagedPack("identities, where entries were expected")
    provenance = [
        Provenance(**fields | {"source": Source(fields["source"])}) for fields in head["provenance"]
    ]
    return EntryTable(
        **{name: columns[name] for name in _COLUMNS + _ENTRY_COLUMNS},
        patterns=_patterns(columns),
        provenance=tuple(provenance),
    )


def unpack_identities(packed: bytes) -> Identities:
    """Read identities; raise `DamagedPack` when there are none."""
    _, columns = _unpack(packed)
    return Identities(**{name: columns[name] for name in _COLUMNS}, patterns=_patterns(columns))


def _unpack(packed: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    unpacking = zlib.decompressobj()
    try:
        plain = unpacking.decompress(packed[4:])
    except zlib.error as error:
        raise DamagedPack(str(error)) from error
    if not unpacking.eof or unpacking.unused_data:
        raise DamagedPack("ends too early or too late")
    if zlib.crc32(plain) != int.from_bytes(packed[:4], "little"):
        raise DamagedPack("checksum is wrong")
    length = int.from_bytes(plain[:4], "little")
    head = json.loads(plain[4 : 4 + length])
    columns, place = {}, 4 + length
    for name, dtype, rows in head["columns"]:
        columns[name] = np.frombuffer(plain, np.dtype(dtype), rows, place)
        place += columns[name].nbytes
    return head, columns


def _patterns(columns: dict[str, Any]) -> TextColumn:
    return TextColumn(offsets=columns["offsets"], blob=columns["blob"])
