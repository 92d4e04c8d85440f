"""What occurs in a segment, as sorted 32-bit hashes beside it: parties, hosts, ids and some words.

A search for one number, host or decision then opens the few segments that have it, of thousands.
The file has the name of its segment with the suffix ``.keys``: eight bytes that say what it is,
then the hashes. A hash that is there by chance, one look-up in ten thousand, costs opening
a segment in vain. Without the file, or with one that is damaged, the segment is read.

A host is found with all below it, so of ``a.b.example`` the names ``b.example`` and ``example`` are
hashed, too. Decision ids are hashed by block: see `services.decision.ids`. The words are carriers,
reasons and patterns. Of numbers the leading 3, 5, 7 and 9 digits are hashed, for ranges. Keys of
releases that hashed less do not count: maintenance writes them anew.
"""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fanzha.phone import FIRST_SENDER
from fanzha.tables import Bools, Int64s, Uint64s
from infra import atomic_file
from services.decision.ids import BLOCK_BITS
from services.decision_log import segment_files

Hashes: TypeAlias = npt.NDArray[np.uint32]

SUFFIX = ".keys"
_MAGIC = b"fzkeys2\n"
_WORDS = ("carrier", "reason", "pattern")
_COLUMNS = ("decision_id", "from_key", "to_key", "host", "hosts", *_WORDS)
_TEXTS = ("host", "hosts.list.element", *_WORDS)
_GOLDEN = np.uint64(0x9E37_79B9_7F4A_7C15)
_PARTY, _BLOCK = np.uint64(0x5851_F42D_4C95_7F2D), np.uint64(0x1405_7B7E_F767_814F)
"""Keep a party and a block with the same number apart."""
_LEADING = (3, 5, 7, 9)
_RANGES = {digits: np.uint64(0x2545_F491_4F6C_DD1D + 2 * digits) for digits in _LEADING}
_POWERS = 10 ** np.arange(19, dtype=np.int64)


def of_party(key: int) -> int:
    """Return the hash of a number key, whichever side it is on."""
    return int(_hashes(np.array([key], np.int64).view(np.uint64), _PARTY)[0])


def of_range(leading: int, digits: int) -> int | None:
    """Return the hash of the longest start of a range that is hashed; None: it is too wide.

    *leading* are its leading digits, negated for service codes, and *digits* how many they are.
    """
    hashed = max((one for one in _LEADING if one <= digits), default=None)
    if hashed is None:
        return None
    start = abs(leading) // 10 ** (digits - hashed)
    key = np.array([start if leading > 0 else -start], np.int64)
    return int(_hashes(key.view(np.uint64), _RANGES[hashed])[0])


def of_decision(decision_id: int) -> int:
    """Return the hash of the block of a decision id."""
    return int(_hashes(np.array([decision_id >> BLOCK_BITS], np.uint64), _BLOCK)[0])


def of_host(host: str) -> int:
    """Return the hash of a canonical host."""
    return int.from_bytes(blake2b(host.encode(), digest_size=4).digest())


def of_word(column: str, word: str) -> int:
    """Return the hash of a word in a column: a carrier, reason or pattern."""
    # No host has an equals sign.
    return of_host(f"{column}={word}")


def path_of(segment: Path) -> Path:
    """Return where the keys of a segment are."""
    return segment.with_suffix(SUFFIX)


def current(segment: Path) -> bool:
    """Return whether a segment has keys of this release beside it."""
    try:
        with path_of(segment).open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def write(segment: Path, torn: list[Path]) -> int:
    """Write the keys of a segment beside it; return how many. FileNotFoundError without it."""
    parts = [_of_table(table) for table in _tables(segment, torn)]
    keys = np.unique(np.concatenate(parts)) if parts else np.zeros(0, np.uint32)
    with atomic_file.replacing(path_of(segment)) as file:
        file.write(_MAGIC)
        file.write(keys.astype("<u4").tobytes())
    return len(keys)


def read(segment: Path) -> Hashes | None:
    """Map the keys of a segment; None where there are none, or they are damaged."""
    try:
        found = np.memmap(path_of(segment), np.uint8, "r")
    except (OSError, ValueError):  # ValueError: an empty file cannot be mapped
        return None
    if bytes(found[: len(_MAGIC)]) != _MAGIC or len(found) % 4:
        return None
    # No memmap: it would make each look-up slower.
    keys: Hashes = np.asarray(found[len(_MAGIC) :].view("<u4"))
    return keys


def has_all(keys: Hashes, wanted: Iterable[int]) -> bool:
    """Return whether all *wanted* are among *keys*, perhaps by chance."""
    for one in wanted:
        at = int(np.searchsorted(keys, np.uint32(one)))
        if at == len(keys) or keys[at] != one:
            return False
    return True


def _tables(segment: Path, torn: list[Path]) -> Iterator[pa.Table]:
    return segment_files.tables(segment, _COLUMNS, _TEXTS, torn)


def _of_table(table: pa.Table) -> Hashes:
    froms, tos = _numbers(table, "from_key"), _numbers(table, "to_key")
    ids = _numbers(table, "decision_id").view(np.uint64) >> np.uint64(BLOCK_BITS)
    parties = np.concatenate([froms, tos])
    present: Bools = parties != 0
    hosts = np.fromiter(map(of_host, _with_parents(_hosts(table))), np.uint32)
    words = np.fromiter((of_word(*one) for one in _words(table)), np.uint32)
    return np.concatenate(
        [
            _hashes(parties[present].view(np.uint64), _PARTY),
            *_of_ranges(np.unique(parties[present])),
            _hashes(ids, _BLOCK),
            hosts,
            words,
        ]
    )


def _of_ranges(parties: Int64s) -> Iterator[Hashes]:
    """Hash the leading digits of numbers and service codes; names of senders have none."""
    numbers = parties[parties < FIRST_SENDER]
    digits = np.searchsorted(_POWERS, np.abs(numbers), side="right")
    for leading in _LEADING:
        long = digits >= leading
        starts = np.abs(numbers[long]) // _POWERS[digits[long] - leading]
        keys = np.unique(np.sign(numbers[long]) * starts)
        yield _hashes(keys.view(np.uint64), _RANGES[leading])


def _hashes(keys: Uint64s, salt: np.uint64) -> Hashes:
    mixed: Uint64s = (keys ^ salt) * _GOLDEN
    return (mixed >> np.uint64(32)).astype(np.uint32)


def _numbers(table: pa.Table, name: str) -> Any:
    return table.column(name).combine_chunks().fill_null(0).to_numpy(zero_copy_only=False)


def _hosts(table: pa.Table) -> set[str]:
    inside = pc.list_flatten(table.column("hosts"))
    return {
        host
        for column in (table.column("host"), inside)
        for host in pc.unique(column).to_pylist()
        if host
    }


def _words(table: pa.Table) -> Iterator[tuple[str, str]]:
    for name in _WORDS:
        # Segments of earlier releases may have no such column.
        if name in table.column_names:
            yield from ((name, word) for word in pc.unique(table.column(name)).to_pylist() if word)


def _with_parents(hosts: Iterable[str]) -> set[str]:
    """Return hosts with all names above them."""
    found: set[str] = set()
    for host in hosts:
        name = host
        while name and name not in found:
            found.add(name)
            name = name.partition(".")[2]
    return found
