"""Finds near-duplicates of suspected and confirmed texts in a batch, by their sketches.

A suspect is indexed under its `fanzha.fingerprint.BANDS` pairs of values; a table of flags,
indexed by a hash of the pair, passes over nearly all texts in a few array operations. Whoever
shares a pair is compared in full: with `fanzha.fingerprint.NEAR` of 16 values equal it is a
near-duplicate. Under one pair are `_SHARING` suspects at most, so a common phrase costs few
comparisons.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from fanzha import fingerprint
from fanzha.fingerprint import NEAR, VALUES, Sketches, Values
from fanzha.tables import Int64s, Uint64s
from services.decision.related.entities import Suspect, fingerprint_of

_BITS = 20
_TEXT_BITS = 22
"""A text has eight pairs, so texts need more flags for as few false ones."""
FLAGS = 2**_BITS
_MULTIPLIER = np.uint64(0x9E37_79B9_7F4A_7C15)
_SHARING = 4
_FEWEST_PLACES = 64


class SuspectTexts:
    """Suspects that are texts. One thread only."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._suspects: list[Suspect | None] = []
        """By place; None where a place is free."""
        self._free: list[int] = []
        self._values: Values = np.zeros((_FEWEST_PLACES, VALUES), np.uint16)
        self._by_pair: dict[int, list[int]] = {}
        self._flags = np.zeros(2**_TEXT_BITS, np.bool_)
        self._stale = 0
        """Removed suspects whose flags are still set."""

    def __len__(self) -> int:
        return len(self._places)

    def put(self, suspect: Suspect) -> None:
        """Add a suspect, or replace what is known of its entity."""
        place = self._places.get(suspect.entity)
        if place is not None:
            self._suspects[place] = suspect
            return
        place = self._places[suspect.entity] = self._new_place()
        self._suspects[place] = suspect
        self._values[place] = fingerprint.read([fingerprint_of(suspect.entity)])[0]
        pairs = fingerprint.band_keys(self._values[place])[0]
        for pair in pairs.tolist():
            sharing = self._by_pair.setdefault(pair, [])
            if len(sharing) < _SHARING:
                sharing.append(place)
        self._flags[flag_places(pairs, _TEXT_BITS)] = True

    def remove(self, entity: str) -> None:
        """Remove an entity; one that is not there is fine."""
        place = self._places.pop(entity, None)
        if place is None:
            return
        for pair in fingerprint.band_keys(self._values[place])[0].tolist():
            sharing = self._by_pair.get(pair, [])
            if place in sharing:
                sharing.remove(place)
            if not sharing:
                self._by_pair.pop(pair, None)
        self._suspects[place] = None
        self._free.append(place)
        self._stale += 1
        if self._stale > len(self._places):
            self.replace(self.all())

    def replace(self, suspects: Sequence[Suspect]) -> None:
        """Hold exactly *suspects*."""
        self._places, self._suspects, self._free, self._by_pair = {}, [], [], {}
        self._flags[:] = False
        self._stale = 0
        for suspect in suspects:
            self.put(suspect)

    def find(self, sketches: Sketches, now_ms: int) -> Iterator[tuple[int, Suspect]]:
        """Yield the rows that are near a suspect, and which one: the nearest, confirmed first."""
        values, known = sketches
        pairs = fingerprint.band_keys(values)
        flagged = self._flags.take(flag_places(pairs, _TEXT_BITS)).any(axis=1) & known
        if not np.count_nonzero(flagged):
            return
        rows, places = self._candidates(flagged.nonzero()[0], pairs)
        equal = fingerprint.equal_values(values[rows], self._values[places])
        best: dict[int, tuple[bool, int, Suspect]] = {}
        for at in np.flatnonzero(equal >= NEAR).tolist():
            row, suspect = rows[at], self._suspects[places[at]]
            if suspect is None or suspect.ends_at_ms <= now_ms:
                continue
            before, weight = best.get(row), (suspect.confirmed, int(equal[at]))
            if before is None or weight > before[:2]:
                best[row] = (*weight, suspect)
        yield from ((row, suspect) for row, (_, _, suspect) in best.items())

    def all(self) -> list[Suspect]:
        """Return all suspects, in no order."""
        return [suspect for suspect in self._suspects if suspect is not None]

    def _candidates(self, flagged: Int64s, pairs: Int64s) -> tuple[list[int], list[int]]:
        """Return rows, and for each the place of a suspect that shares a pair with it."""
        rows: list[int] = []
        places: list[int] = []
        by_pair = self._by_pair
        for row, own in zip(flagged.tolist(), pairs[flagged].tolist(), strict=True):
            found = {place for pair in own if pair in by_pair for place in by_pair[pair]}
            rows += [row] * len(found)
            places += found
        return rows, places

    def _new_place(self) -> int:
        if self._free:
            return self._free.pop()
        self._suspects.append(None)
        if len(self._suspects) > len(self._values):
            self._values = np.concatenate((self._values, np.zeros_like(self._values)))
        return len(self._suspects) - 1


def flag_places(keys: Int64s, bits: int = _BITS) -> Uint64s:
    """Return the place of each key in a table of flags, of `FLAGS` or of 2**bits."""
    places: Uint64s = keys.view(np.uint64) * _MULTIPLIER >> np.uint64(64 - bits)
    return places
