"""Separates training from evaluation where a site's examples are added, without leakage.

The side of a row is a hash of its group, whatever else a file holds, so no row ever changes sides
when the file grows. Where two sides meet all the same, in a near-duplicate or in whoever sent both,
the row of the later side is left out; of an example and a row of the tables, always the example,
so that the tables are measured as they were.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from classifiers.training.examples import TrainingExample
from fanzha import fingerprint
from fanzha.fingerprint import NEAR, Values
from fanzha.tables import Bools, Int64s
from fanzha.text import normalise_all

SAME = "said again in the same campaign, and counted once"
DISPUTED = "fraud in one case and harmless in another, where less than three in four agree"
OUTVOTED = "fraud where three in four say harmless of the same, or the other way round"
ECHO = "near to a row of another side, or of the same sender"
MAJORITY = 3
"""So many rows to one settle a dispute, as in the tables."""
_BATCH = 512


class NearDuplicates:
    """Finds texts that are near to one of some *others*, all normalised."""

    def __init__(self, others: Sequence[str]) -> None:
        self._whole = frozenset(others)
        values, known = _sketches(list(self._whole))
        self._values = np.unique(values[known], axis=0)
        keys = fingerprint.band_keys(self._values)
        self._orders = np.argsort(keys, axis=0, kind="stable")
        self._keys = np.take_along_axis(keys, self._orders, axis=0)

    def among(self, texts: Sequence[str]) -> Bools:
        """Return a mask of which of *texts* are near to one of the others, or the same."""
        values, known = _sketches(texts)
        keys = fingerprint.band_keys(values)
        found = np.array([text in self._whole for text in texts], np.bool_)
        for row in np.flatnonzero(known & ~found).tolist():
            places = self._sharing(keys[row])
            found[row] = (fingerprint.equal_values(self._values[places], values[row]) >= NEAR).any()
        return found

    def _sharing(self, keys: Int64s) -> Int64s:
        """Return the places that have one of *keys*."""
        parts = []
        for band, key in enumerate(keys.tolist()):
            column = self._keys[:, band]
            start, end = np.searchsorted(column, key), np.searchsorted(column, key, side="right")
            parts.append(self._orders[start:end, band])
        return np.unique(np.concatenate(parts))


def agreed(
    examples: Sequence[TrainingExample], normal: Sequence[str]
) -> tuple[list[int], Counter[str]]:
    """Return the rows to keep, where one thing has one label and counts once in a campaign."""
    votes: dict[str, Counter[bool]] = {}
    for one, text in zip(examples, normal, strict=True):
        votes.setdefault(text, Counter())[one.is_fraud] += 1
    retained: list[int] = []
    left_out: Counter[str] = Counter()
    seen: set[tuple[str, str]] = set()
    for place, (one, text) in enumerate(zip(examples, normal, strict=True)):
        if max(votes[text].values()) < MAJORITY * min(votes[text][True], votes[text][False]):
            left_out[DISPUTED] += 1
        elif votes[text][one.is_fraud] < votes[text][not one.is_fraud]:
            left_out[OUTVOTED] += 1
        elif (one.group, text) in seen:
            left_out[SAME] += 1
        else:
            seen.add((one.group, text))
            retained.append(place)
    return retained, left_out


def without_echoes(
    normal: Sequence[str],
    senders: Sequence[str],
    sides: Sequence[str],
    tables: Mapping[str, Sequence[str]],
) -> list[int]:
    """Return the rows that meet no row of another side.

    *tables* has the normalised texts of the tables, side by side from the one that is learned
    from on.
    """
    retained: list[int] = []
    for side in tables:
        rows = [row for row, one in enumerate(sides) if one == side]
        others = [text for other, texts in tables.items() if other != side for text in texts]
        near = NearDuplicates([*others, *(normal[row] for row in retained)])
        known = {senders[row] for row in retained} - {""}
        echoes = near.among([normal[row] for row in rows]).tolist()
        retained += [
            row
            for row, is_echo in zip(rows, echoes, strict=True)
            if not is_echo and senders[row] not in known
        ]
    return sorted(retained)


def _sketches(normal: Sequence[str]) -> tuple[Values, Bools]:
    parts = [fingerprint.sketches(normal[at : at + _BATCH]) for at in range(0, len(normal), _BATCH)]
    if not parts:
        return np.zeros((0, fingerprint.VALUES), np.uint16), np.zeros(0, np.bool_)
    values, known = zip(*parts, strict=True)
    return np.concatenate(values), np.concatenate(known)


def normalised(texts: Sequence[str]) -> list[str]:
    """Normalise any number of texts."""
    return [
        text
        for at in range(0, len(texts), _BATCH)
        for text in normalise_all(texts[at : at + _BATCH])
    ]
