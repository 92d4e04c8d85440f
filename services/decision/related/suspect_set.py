"""The confirmed and suspected entities, in the memory of a worker, looked up by batch.

A table of flags, indexed by a hash of the number key, passes over nearly all numbers in one array
operation; what it leaves is looked up in a dictionary. An empty set costs one comparison. Texts are
apart, see `services.decision.related.suspect_texts`.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from fanzha.tables import Int64s
from fanzha.url import split
from services.decision.related.entities import (
    Suspect,
    fingerprint_of,
    host_of,
    is_party,
    number_key_of,
    owner_of,
)
from services.decision.related.suspect_texts import FLAGS, SuspectTexts, flag_places


class SuspectSet:
    """Suspects by entity. One thread only."""

    def __init__(self) -> None:
        self._by_key: dict[int, Suspect] = {}
        self._by_host: dict[str, Suspect] = {}
        self.texts = SuspectTexts()
        self._flags = np.zeros(FLAGS, np.bool_)
        self._stale = 0
        """Removed numbers whose flags are still set."""

    def __len__(self) -> int:
        return len(self._by_key) + len(self._by_host) + len(self.texts)

    def put(self, suspect: Suspect) -> None:
        """Add a suspect, or replace what is known of its entity."""
        host = host_of(suspect.entity)
        if host:
            self._by_host[host] = suspect
            return
        if fingerprint_of(suspect.entity):
            self.texts.put(suspect)
            return
        key = number_key_of(suspect.entity)
        self._by_key[key] = suspect
        self._flags[flag_places(np.array([key]))] = True

    def remove(self, entity: str) -> None:
        """Remove an entity; one that is not there is fine."""
        host = host_of(entity)
        if host:
            self._by_host.pop(host, None)
        elif fingerprint_of(entity):
            self.texts.remove(entity)
        elif self._by_key.pop(number_key_of(entity), None) is not None:
            self._stale += 1
            if self._stale > len(self._by_key):
                self._set_flags()

    def replace(self, suspects: Sequence[Suspect]) -> None:
        """Hold exactly *suspects*."""
        parties = [one for one in suspects if is_party(one.entity)]
        self._by_key = {number_key_of(one.entity): one for one in parties}
        self._by_host = {host: one for one in suspects if (host := host_of(one.entity))}
        self.texts.replace([one for one in suspects if fingerprint_of(one.entity)])
        self._set_flags()

    def parties(self, keys: Int64s, now_ms: int) -> Iterator[tuple[int, Suspect]]:
        """Yield the places in *keys* of suspects, and which these are."""
        if not self._by_key or not len(keys):
            return
        for place in self._flags.take(flag_places(keys)).nonzero()[0].tolist():
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
        every = (*self._by_key.values(), *self._by_host.values(), *self.texts.all())
        return {one.entity: one for one in every}

    def _set_flags(self) -> None:
        self._flags[:] = False
        self._stale = 0
        if self._by_key:
            self._flags[flag_places(np.fromiter(self._by_key, np.int64, len(self._by_key)))] = True
