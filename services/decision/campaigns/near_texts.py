"""Finds texts whose near-duplicates were seen before, by their sketches.

A place holds one sketch, indexed under `fanzha.fingerprint.BANDS` keys. If two texts share a key,
the first keeps it, so a common phrase costs one comparison only. A lookup takes some 10 µs for any
number of places.
"""

import numpy as np

from fanzha import fingerprint
from fanzha.fingerprint import NEAR, VALUES, Values

NOWHERE = -1


class NearTexts:
    """Sketches in *places* places."""

    def __init__(self, places: int) -> None:
        self._values: Values = np.zeros((places, VALUES), np.uint16)
        self._keys: list[list[int]] = [[] for _ in range(places)]
        self._place_of: dict[int, int] = {}

    def find(self, values: Values) -> int:
        """Return the place of a near-duplicate of one sketch; `NOWHERE` without any."""
        keys: list[int] = fingerprint.band_keys(values[np.newaxis])[0].tolist()
        for place in {self._place_of[key] for key in keys if key in self._place_of}:
            if np.count_nonzero(self._values[place] == values) >= NEAR:
                return place
        return NOWHERE

    def put(self, place: int, values: Values) -> None:
        """Store a sketch at *place*; replaces the former one."""
        for key in self._keys[place]:
            del self._place_of[key]
        self._values[place] = values
        keys: list[int] = fingerprint.band_keys(values[np.newaxis])[0].tolist()
        self._keys[place] = [key for key in keys if key not in self._place_of]
        self._place_of |= dict.fromkeys(self._keys[place], place)

    def written(self, place: int) -> str:
        """Write the fingerprint of what is at *place*."""
        return fingerprint.write(self._values[place])
