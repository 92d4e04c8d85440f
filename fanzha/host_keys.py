"""Keys of the names that lists may know links by: `kernels/hosts.c` hashes them.

The names are those of `fanzha.hosts.host_suffixes`, and the key of each is its XXH3, as the lists
have it (`blocklists.entry_table.text_key`).
"""

import ctypes
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from xxhash import xxh3_64_intdigest

from fanzha import kernels
from fanzha.hosts import MOST_PARENTS, host_suffixes, suffix_rules
from fanzha.tables import Int64s
from fanzha.url import split

_NAMED, _BELOW, _EXCEPTED = 1, 2, 4
_MOST_LABELS = 16
_WORD, _PRIME = 2**32, 0x01000193

_host_keys = kernels.declare(
    "host_keys",
    *(kernels.POINTER, kernels.TEXT, kernels.POINTER, kernels.INTEGER),
    *(kernels.POINTER, kernels.POINTER),
    returns=kernels.INTEGER,
)


class HostKeys(NamedTuple):
    """Keys of the names of each link, the most specific first."""

    keys: Int64s
    ends: Int64s
    """Where the keys of each link end."""


class _Suffixes(ctypes.Structure):
    """`Suffixes` in the kernel."""

    _fields_ = (
        ("slots", kernels.POINTER),
        ("bits", kernels.INTEGER),
        ("ends", kernels.POINTER),
        ("names", kernels.POINTER),
        ("kinds", kernels.POINTER),
        ("most_labels", kernels.INTEGER),
    )


def of_links(urls: Sequence[str]) -> HostKeys:
    """Return the keys of canonical URLs; an empty one has none."""
    text = "".join(urls).encode()
    lengths = np.fromiter(map(len, urls), np.int64, len(urls))
    keys = np.empty((1 + MOST_PARENTS) * len(urls), np.int64)
    ends = np.empty(len(urls), np.int64)
    given = -1
    # A canonical URL is ASCII; what is not would have other lengths in bytes.
    if len(text) == lengths.sum():
        given = _host_keys(
            *(_SuffixTable.of().at, text, kernels.address(lengths), len(urls)),
            *(kernels.address(keys), kernels.address(ends)),
        )
    return HostKeys(keys[:given], ends) if given >= 0 else keys_by_definition(urls)


def keys_by_definition(urls: Sequence[str]) -> HostKeys:
    """Return what `of_links` does, of hosts that are too long for the kernel, too."""
    hosts = [host_suffixes(split(url)[0]) if url else () for url in urls]
    names = [name.encode() for suffixes in hosts for name in suffixes]
    keys = np.fromiter(map(xxh3_64_intdigest, names), np.uint64, len(names)).view(np.int64)
    return HostKeys(keys, np.cumsum([len(suffixes) for suffixes in hosts], dtype=np.int64))


def suffix_table() -> int:
    """Return where the Public Suffix List lies as kernels read it, `Suffixes`; it stays there."""
    return ctypes.addressof(_SuffixTable.of().table)


class _SuffixTable:
    """The Public Suffix List as the kernel reads it, and the arrays that its table points to."""

    def __init__(self) -> None:
        rules = suffix_rules()
        kinds = dict.fromkeys(rules.names, _NAMED)
        for names, kind in ((rules.wildcards, _BELOW), (rules.exceptions, _EXCEPTED)):
            kinds |= {name: kinds.get(name, 0) | kind for name in names}
        ordered = sorted(kinds)
        if rules.most_dots >= _MOST_LABELS:
            raise ValueError(f"a public suffix of {rules.most_dots} dots")
        bits = (2 * len(ordered)).bit_length()
        slots = np.zeros(2**bits, np.int32)
        for number, name in enumerate(ordered, 1):
            slot = _hash(name.encode()) % len(slots)
            while slots[slot]:
                slot = (slot + 1) % len(slots)
            slots[slot] = number
        self._arrays = (
            slots,
            np.cumsum([len(name.encode()) for name in ordered], dtype=np.int32),
            np.frombuffer("".join(ordered).encode(), np.uint8),
            np.array([kinds[name] for name in ordered], np.uint8),
        )
        slots_at, *others = map(kernels.address, self._arrays)
        self.table = _Suffixes(slots_at, bits, *others, rules.most_dots + 1)
        self.at = ctypes.byref(self.table)

    @staticmethod
    @cache
    def of() -> "_SuffixTable":
        """Return the table, which is made at first use."""
        return _SuffixTable()


def _hash(name: bytes) -> int:
    found = 0
    for byte in reversed(name):
        found = (found ^ byte) * _PRIME % _WORD
    return found ^ found >> 15
