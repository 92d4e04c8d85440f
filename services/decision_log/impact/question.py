"""The query of a preview: whether the entries of a change could match a logged row.

A first, cheap pass reads every row of the requested hours, some ten million, and passes too many:
those with one of the numbers on either side, or one of the hosts in a link. What the entries decide
for the few rows that pass is computed by the lists themselves, see `replay`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from blocklists.entries import EntryKind, EntryMode
from blocklists.entry_table import EntryTable, Identities, text_keys
from blocklists.snapshot.delta import ListSegments
from blocklists.snapshot.snapshot import Snapshot
from fanzha.tables import Bools, Int64s, Uint8s, Uint64s
from services.decision_log.impact.key_filter import KeyFilter

_MIX = np.uint64(0x9E37_79B9_7F4A_7C15)
_OTHER_MIX = np.uint64(0xC2B2_AE3D_27D4_EB4F)
_E164_DIGITS, _CODE_DIGITS = 15, 19
_MOST_SEEN = 1_000_000
_LARGEST_CODE = 2 * 10**18


class KeySpans(NamedTuple):
    """Intervals of number keys, ascending and disjoint."""

    first: Int64s
    last: Int64s

    def holds(self, keys: Int64s) -> Bools:
        """Return which keys lie in one of them."""
        at = np.searchsorted(self.first, keys, side="right") - 1
        held: Bools = (at >= 0) & (keys <= self.last[np.maximum(at, 0)])
        return held


@dataclass(frozen=True, kw_only=True)
class ImpactQuery:
    """The entries of a change, indexed for the first pass."""

    table: EntryTable
    """The entries to add."""
    now_ms: int
    numbers: KeyFilter | None
    """Keys of numbers and senders; None without any."""
    spans: KeySpans | None
    """Ranges; None without any."""
    hosts: KeyFilter | None
    """Keys of hosts, and of the hosts of URL prefixes; None without any."""
    path_hosts: frozenset[str]
    """Hosts of URL prefixes with a path; the host alone does not decide a link to one."""
    fingerprints: int
    """Fingerprints among the entries."""
    gone: KeyFilter
    """`marks` of the entries that would be removed or replaced."""
    seen_hosts: dict[str, bool] = field(default_factory=dict)
    """Cache: whether the entries name a host. Segments repeat the same hosts."""

    @classmethod
    def of(cls, additions: EntryTable, removals: Identities, now_ms: int) -> Self:
        """Read a change."""
        both = (additions, removals)
        exact = np.concatenate([_keys(part, EntryKind.NUMBER, EntryKind.SENDER) for part in both])
        spans = spans_of(
            np.concatenate([_keys(part, EntryKind.RANGE) for part in both]),
            np.concatenate([part.digits[part.kinds == EntryKind.RANGE] for part in both]),
        )
        prefixes = [text for part in both for text in _texts(part, EntryKind.URL_PREFIX)]
        above = text_keys([text.partition("/")[0] for text in prefixes])
        hosts = np.concatenate([above, *(_keys(part, EntryKind.HOST) for part in both)])
        # A shadow entry does not replace one that enforces.
        enforcing = marks(additions)[additions.modes == EntryMode.ENFORCE]
        gone = np.concatenate([enforcing, marks(removals)])
        return cls(
            table=additions,
            now_ms=now_ms,
            numbers=KeyFilter(exact) if len(exact) else None,
            spans=spans if len(spans.first) else None,
            hosts=KeyFilter(hosts) if len(hosts) else None,
            path_hosts=frozenset(
                host for host, _, path in (text.partition("/") for text in prefixes) if path
            ),
            fingerprints=sum(
                int(np.count_nonzero(part.kinds == EntryKind.FINGERPRINT)) for part in both
            ),
            gone=KeyFilter(gone.view(np.int64)),
        )

    @cached_property
    def additions(self) -> Snapshot:
        """The entries to add, as lists of their own; built on first use.

        Most imported entries match nothing in the log.
        """
        return ListSegments.of_table(1, self.now_ms, self.table).snapshot()

    @property
    def now_s(self) -> int:
        """Time of the preview, in seconds since the Unix epoch."""
        return self.now_ms // 1000

    @property
    def asks_parties(self) -> bool:
        """Whether any entry is about a number or sender."""
        return self.numbers is not None or self.spans is not None

    @property
    def asks_content(self) -> bool:
        """Whether any entry depends on the content of texts."""
        return bool(self.fingerprints or self.path_hosts)

    def parties(self, keys: Int64s) -> Bools | None:
        """Return which parties the entries could match; None if no entry is about a party."""
        found = None if self.numbers is None else self.numbers.holds(keys)
        if self.spans is not None:
            held = self.spans.holds(keys)
            found = held if found is None else found | held
        return found

    def name_hosts(self, hosts: Iterable[str]) -> dict[str, bool]:
        """Return for each host whether an entry names it or a parent; False for ""."""
        known = {host: self.seen_hosts.get(host) for host in hosts}
        new = [host for host, named in known.items() if named is None]
        found = dict.fromkeys(new, False)
        if self.hosts is not None:
            pairs = [(host, above) for host in new for above in suffixes(host)]
            held = self.hosts.holds(text_keys([above for _, above in pairs]))
            found |= dict.fromkeys((pairs[place][0] for place in np.flatnonzero(held)), True)
        if len(self.seen_hosts) + len(found) > _MOST_SEEN:
            self.seen_hosts.clear()
        self.seen_hosts.update(found)
        return {host: found[host] if named is None else named for host, named in known.items()}

    def needs_path(self, hosts: Iterable[str]) -> bool:
        """Return whether entries name paths of these hosts, so that a host does not decide."""
        return any(suffix in self.path_hosts for host in hosts for suffix in suffixes(host))


def suffixes(host: str) -> Iterator[str]:
    """Return a host and all above it."""
    while host:
        yield host
        host = host.partition(".")[2]


def marks(identities: Identities) -> Uint64s:
    """Return a 64-bit hash of the identity of each entry."""
    rest = (
        identities.kinds.astype(np.uint64) << np.uint64(16)
        | identities.digits.astype(np.uint64) << np.uint64(8)
        | identities.actions.astype(np.uint64)
    )
    mixed: Uint64s = identities.keys.view(np.uint64) * _MIX ^ rest * _OTHER_MIX
    return mixed


def spans_of(heads: Int64s, digits: Uint8s) -> KeySpans:
    """Return the intervals of keys that ranges cover, merged where they overlap."""
    pairs: list[tuple[int, int]] = []
    # Ranges are few, and each covers numbers of at most eighteen lengths.
    for head, length in zip(heads.tolist(), digits.tolist(), strict=True):
        size = abs(head)
        for more in range((_E164_DIGITS if head > 0 else _CODE_DIGITS) - length + 1):
            low, high = size * 10**more, (size + 1) * 10**more - 1
            if head > 0:
                pairs.append((low, high))
            elif low <= _LARGEST_CODE:
                pairs.append((-min(high, _LARGEST_CODE), -low))
    merged: list[list[int]] = []
    for low, high in sorted(pairs):
        if merged and low <= merged[-1][1] + 1:
            merged[-1][1] = max(merged[-1][1], high)
        else:
            merged.append([low, high])
    columns = np.array(merged, np.int64).reshape(-1, 2)
    return KeySpans(columns[:, 0].copy(), columns[:, 1].copy())


def _keys(part: Identities, *kinds: EntryKind) -> npt.NDArray[np.int64]:
    keys: Int64s = part.keys[np.isin(part.kinds, kinds)]
    return keys


def _texts(part: Identities, kind: EntryKind) -> list[str]:
    return [part.patterns.get(row) for row in np.flatnonzero(part.kinds == kind).tolist()]
