"""The confirmed and suspected entities, in the memory of a worker, looked up by batch.

A table of flags, indexed by a hash of the number key, passes over nearly all numbers in one array
operation; what it leaves is looked up in a dictionary. An empty set costs one comparison.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fanzha.tables import Int64s, Uint64s
from fanzha.url import split
from services.decision.related.entities import host_of, number_key_of, owner_of

_BITS = 20
_SHIFT = np.uint64(64 - _BITS)
_MULTIPLIER = np.uint64(0x9E37_79B9_7F4A_7C15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """An entity that counts against traffic."""

    entity: str
    confirmed: bool
    """Whether a person or a list entry confirmed it; otherwise it is seen with one that was."""
    related_to: str
    """The confirmed entity that it is seen with; empty for a confirmed one."""
    since_ms: int
    ends_at_ms: int


class SuspectSet:
    """Suspects by entity. One thread only."""

    def __init__(self) -> None:
        self._by_key: dict[int, Suspect] = {}
        self._by_host: dict[str, Suspect] = {}
        self._flags = np.zeros(2**_BITS, np.bool_)
        self._stale = 0
        """Removed numbers whose flags are still set."""

    def __len__(self) -> int:
        return len(self._by_key) + len(self._by_host)

    def put(self, suspect: Suspect) -> None:
        """Add a suspect, or replace what is known of its entity."""
        host = host_of(suspect.entity)
        if host:
            self._by_host[host] = suspect
            return
        key = number_key_of(suspect.entity)
        self._by_key[key] = suspect
        self._flags[_places(np.array([key]))] = True

    def remove(self, entity: str) -> None:
        """Remove an entity; one that is not there is fine."""
        host = host_of(entity)
        if host:
            self._by_host.pop(host, None)
        elif self._by_key.pop(number_key_of(entity), None) is not None:
            self._stale += 1
            if self._stale > len(self._by_key):
                self._set_flags()

    def replace(self, suspects: Sequence[Suspect]) -> None:
        """Hold exactly *suspects*."""
        self._by_key = {number_key_of(one.entity): one for one in suspects if not _is_link(one)}
        self._by_host = {host_of(one.entity): one for one in suspects if _is_link(one)}
        self._set_flags()

    def parties(self, keys: Int64s, now_ms: int) -> Iterator[tuple[int, Suspect]]:
        """Yield the places in *keys* of suspects, and which these are."""
        if not self._by_key or not len(keys):
            return
        for place in self._flags.take(_places(keys)).nonzero()[0].tolist():
            suspect = self._by_key.get(int(keys[place]))
            if suspect is not None and suspect.ends_at_ms > now_ms:
                yield place, suspect

    def links(self, urls: Sequence[str], now_ms: int) -> Iterator[tuple[int, Suspect]]:
        """Yield the places in *urls*, which are canonical, of suspects, and which these are."""
        if not self._by_host:
            return
        for place, url in enumerate(urls):
            suspect = self._by_host.get(owner_of(split(url)[0])) if url else None
            if suspect is not None and suspect.ends_at_ms > now_ms:
                yield place, suspect

    def all(self) -> Mapping[str, Suspect]:
        """Return all suspects by entity."""
        both = (*self._by_key.values(), *self._by_host.values())
        return {one.entity: one for one in both}

    def _set_flags(self) -> None:
        self._flags[:] = False
        self._stale = 0
        if self._by_key:
            self._flags[_places(np.fromiter(self._by_key, np.int64, len(self._by_key)))] = True


def _is_link(suspect: Suspect) -> bool:
    return host_of(suspect.entity) != ""


def _places(keys: Int64s) -> Uint64s:
    places: Uint64s = keys.view(np.uint64) * _MULTIPLIER >> _SHIFT
    return places
