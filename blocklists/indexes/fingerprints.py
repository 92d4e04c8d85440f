"""Finds the fingerprint entry that decides for each text of a batch.

The entry with the most values in common decides, and of equal ones ALLOW outranks
BLOCK. Without any fingerprint in the lists a text costs nothing; with some it is
normalised and sketched, about 6 µs for 70 characters.
"""

from collections.abc import Sequence

import numpy as np

from blocklists.entries import Direction, Entry
from blocklists.snapshot.layers import Layer, Matches
from fanzha import fingerprint
from fanzha.decisions import Action
from fanzha.fingerprint import BatchSketches, Sketches
from fanzha.tables import Int64s, Uint8s

_ALLOW = np.uint8(Action.ALLOW)


class FingerprintIndex:
    """Near-duplicate look-up of texts in all layers."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._places = [
            (layer, layer.segment.bands) for layer in layers if layer.segment.bands is not None
        ]

    def find(self, texts: BatchSketches, now_s: int) -> Matches:
        """Find the deciding entry of each text."""
        matches = Matches.none(len(texts))
        if self._places:
            self._decide(texts.all(), now_s, matches)
        return matches

    def find_all(self, written: str) -> list[Entry]:
        """Return all entries near a fingerprint, expired ones too, most decisive first."""
        found: list[tuple[int, Entry]] = []
        for layer, bands in self._places:
            _, rows, equal = bands.find(fingerprint.read([written]))
            alive = ~layer.is_dead(rows)
            entries = [layer.segment.entry(row) for row in rows[alive].tolist()]
            found += zip(equal[alive].tolist(), entries, strict=True)
        return [entry for _, entry in sorted(found, key=lambda one: (-one[0], one[1].action))]

    def _decide(self, sketches: Sketches, now_s: int, matches: Matches) -> None:
        values, has_any = sketches
        with_bands = np.flatnonzero(has_any)
        for layer, bands in self._places:
            queries, rows, equal = bands.find(values[with_bands])
            acting = layer.acting(rows, Direction.BOTH, now_s)
            queries, rows, equal = with_bands[queries[acting]], rows[acting], equal[acting]
            actions = layer.segment.actions[rows]
            weights = _weights(equal, actions)
            known_weights = _weights(matches.ranks[queries], matches.actions[queries])
            # Ascending, so that the most decisive is written last.
            order = np.argsort(weights, kind="stable")
            order = order[(weights > known_weights)[order]]
            matches.rows[queries[order]] = rows[order] + layer.first_row
            matches.actions[queries[order]] = actions[order]
            matches.ranks[queries[order]] = equal[order]


def _weights(equal: Int64s | Uint8s, actions: Uint8s) -> Int64s:
    weights: Int64s = equal.astype(np.int64) * 2 + (actions == _ALLOW)
    return weights
