"""Changes of the lists that no commit makes: whoever reaches the store can write them."""

import json
import zlib
from datetime import UTC, datetime

from blocklists.entries import NO_END_S
from blocklists.entry_table import EntryTable, Identities
from blocklists.store import packing
from tests.support.builders import an_entry

Fields = dict[str, str | bytes]

NEVER = datetime.fromtimestamp(NO_END_S, UTC)
FORGED = "+8617000000003"


def packed(*patterns: str) -> bytes:
    """Pack entries that block these patterns for good."""
    return packing.pack(
        EntryTable.from_entries([an_entry(one, expires_at=NEVER) for one in patterns])
    )


def with_checksum(body: bytes) -> bytes:
    """Put the right checksum before a packed body."""
    return zlib.crc32(body).to_bytes(4, "little") + body


def a_pack(head: object, body: bytes = b"") -> bytes:
    """Pack any head, as JSON unless it is bytes, and any columns."""
    text = head if isinstance(head, bytes) else json.dumps(head).encode()
    return with_checksum(zlib.compress(len(text).to_bytes(4, "little") + text + body))


def with_kind(kind: int) -> bytes:
    """Pack an entry of a kind that a newer release may know."""
    plain = zlib.decompress(packed(FORGED)[4:])
    place = 4 + int.from_bytes(plain[:4], "little")
    return with_checksum(zlib.compress(plain[:place] + bytes([kind]) + plain[place + 1 :]))


def a_bomb(mebibytes: int) -> bytes:
    """Compress zeros: one mebibyte of them is compressed, and its blocks are repeated."""
    compressor = zlib.compressobj(9, wbits=-15)
    blocks = compressor.compress(bytes(2**20)) + compressor.flush(zlib.Z_FULL_FLUSH)
    checksum = (mebibytes * 2**20 % 65521) << 16 | 1
    return b"\x78\xda" + blocks * mebibytes + b"\x03\x00" + checksum.to_bytes(4)


GOOD: Fields = {
    "author": "mallory",
    "reason": "none",
    "additions": packed(FORGED),
    "additions_chunks": "[]",
    "removals": b"",
    "removals_chunks": "[]",
}
CHUNK = "fanzha:lists:chunk:nobody:0"
BAD: dict[str, Fields] = {
    "no fields": {"author": "mallory"},
    "no additions": {name: value for name, value in GOOD.items() if name != "additions"},
    "bad JSON": GOOD | {"additions_chunks": "[["},
    "JSON of another sort": GOOD | {"removals_chunks": '{"a": 1}'},
    "names of chunks that are none": GOOD | {"additions_chunks": '["{fanzha:lists}:head"]'},
    "a chunk that is not there": GOOD | {"additions_chunks": json.dumps([CHUNK])},
    "bad header": GOOD | {"additions": a_pack(b"\xff{")},
    "header of another sort": GOOD | {"additions": a_pack({"kinds": 1})},
    "nested header": GOOD | {"additions": a_pack(b"[" * 60_000)},
    "negative length": GOOD | {"additions": a_pack([["kinds", "|u1", -1]])},
    "huge length": GOOD | {"additions": a_pack([["keys", "<i8", 2**62]])},
    "bad dtype": GOOD | {"additions": a_pack([["kinds", "O", 1]], b"\1" * 8)},
    "dtype of another sort": GOOD | {"additions": a_pack([["kinds", ["a"], 1]])},
    "bad UTF-8": GOOD | {"author": b"\xff\xfe"},
    "bad time": GOOD | {"committed_at_ms": "yesterday"},
    "huge time": GOOD | {"committed_at_ms": "9" * 5000},
    "bomb": GOOD | {"additions": with_checksum(a_bomb(2**8))},
    "no compression": GOOD | {"additions": with_checksum(b"plain")},
    "empty pack": GOOD | {"additions": with_checksum(zlib.compress(b""))},
    "unknown kind": GOOD | {"additions": with_kind(99)},
    "unknown field": GOOD | {"of_a_newer_release": "yes"},
    "identities for entries": GOOD | {"additions": packing.pack(Identities.of([]))},
}
