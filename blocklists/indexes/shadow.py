"""Look-up of shadow entries: what they would decide if they enforced.

They have a separate segment and layer, so they neither hide entries from the look-ups that decide
nor slow them.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np

from blocklists.entries import Entry, EntryMode
from blocklists.indexes.fingerprints import FingerprintIndex
from blocklists.indexes.numbers import NumberIndex
from blocklists.indexes.urls import UrlIndex
from blocklists.snapshot.layers import Layer, Matches
from fanzha.fingerprint import BatchSketches
from fanzha.tables import Bools, Int64s


class ShadowIndex:
    """The shadow entries of one snapshot; rows are those of the snapshot."""

    def __init__(self, layer: Layer) -> None:
        self._first_row = layer.first_row
        self._rows = len(layer.segment)
        self._numbers = NumberIndex([layer])
        self._urls = UrlIndex([layer])
        self._fingerprints = FingerprintIndex([layer])

    @classmethod
    def of(cls, layers: Sequence[Layer]) -> Self | None:
        """Index the layer with shadow entries; None when there is none."""
        shadows = [layer for layer in layers if layer.segment.mode is EntryMode.SHADOW]
        if not shadows:
            return None
        (layer,) = shadows
        return cls(layer)

    def __len__(self) -> int:
        return self._rows

    def has(self, rows: Int64s) -> Bools:
        """Return a mask of which *rows* of the snapshot are shadow entries."""
        has: Bools = (rows >= self._first_row) & (rows < self._first_row + self._rows)
        return has

    def find_both(
        self, from_keys: Int64s, to_keys: Int64s, now_s: int, *, senders: bool = False
    ) -> tuple[Matches, Matches]:
        """Find the most specific shadow entry about the calling party and about the called one."""
        return self._numbers.find_both(from_keys, to_keys, now_s, senders=senders)

    def find_urls(self, urls: Sequence[str], now_s: int) -> Matches:
        """Find the most specific shadow entry for each canonical URL."""
        return self._urls.find(urls, now_s)

    def find_texts(self, texts: BatchSketches, now_s: int) -> Matches:
        """Find the nearest shadow fingerprint for each text."""
        return self._fingerprints.find(texts, now_s)

    def find_all_parties(self, key: int) -> list[Entry]:
        """Return all shadow entries about a number or sender, most specific first."""
        return self._numbers.find_all(key)

    def find_all_urls(self, url: str) -> list[Entry]:
        """Return all shadow entries about a canonical URL, most specific first."""
        return self._urls.find_all(url)

    def find_all_fingerprints(self, written: str) -> list[Entry]:
        """Return all shadow entries near a fingerprint, nearest first."""
        return self._fingerprints.find_all(written)


def more_specific(enforcing: Matches, shadows: Matches) -> Matches:
    """Return the more specific of two matches: what would decide if shadow entries enforced.

    At equal specificity the entry that enforces decides, whatever its action.
    """
    wins = shadows.ranks > enforcing.ranks
    return Matches(
        np.where(wins, shadows.rows, enforcing.rows),
        np.where(wins, shadows.actions, enforcing.actions),
        np.where(wins, shadows.ranks, enforcing.ranks),
    )
