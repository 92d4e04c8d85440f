"""Where the tiles of the map lie: provinces by a layout of ours, cities and counties in a grid.

A tile cartogram gives each region the same room, so that a dense city is seen as well as a wide
county, and no boundary of unclear right is drawn.
"""

from collections.abc import Mapping, Sequence
from math import ceil, sqrt
from typing import NamedTuple

TILE = 100
"""Side of a tile, in units of the drawing."""
_PROVINCES: Mapping[str, tuple[int, int]] = {
    "23": (9, 0),
    "15": (6, 0),
    "22": (9, 1),
    "65": (1, 1),
    "62": (3, 1),
    "64": (4, 1),
    "14": (5, 1),
    "13": (6, 1),
    "11": (7, 1),
    "21": (8, 1),
    "54": (1, 2),
    "63": (2, 2),
    "61": (4, 2),
    "41": (5, 2),
    "37": (6, 2),
    "12": (7, 2),
    "51": (3, 3),
    "50": (4, 3),
    "42": (5, 3),
    "34": (6, 3),
    "32": (7, 3),
    "31": (8, 3),
    "53": (3, 4),
    "52": (4, 4),
    "43": (5, 4),
    "36": (6, 4),
    "33": (7, 4),
    "45": (4, 5),
    "44": (5, 5),
    "35": (6, 5),
    "71": (8, 5),
    "46": (4, 6),
    "82": (5, 6),
    "81": (6, 6),
}
"""Column and row of each province, by the first two digits of its code (GB/T 2260)."""
_PROVINCE_ZEROS = "0000"


class TilePlace(NamedTuple):
    """Where a tile begins, in units of the drawing."""

    x: int
    y: int


class TileLayout(NamedTuple):
    """Places of tiles, in the order of the regions asked for, and the size of the drawing."""

    places: Sequence[TilePlace]
    width: int
    height: int


def of(codes: Sequence[str]) -> TileLayout:
    """Lay out regions with these codes; names count as regions without a place of their own."""
    cells = [_PROVINCES.get(code[:2]) if code.endswith(_PROVINCE_ZEROS) else None for code in codes]
    if not codes or None in cells:
        columns = max(1, ceil(sqrt(len(codes) * 1.6)))
        cells = [(place % columns, place // columns) for place in range(len(codes))]
    known = [cell for cell in cells if cell is not None]
    left, top = (min((cell[axis] for cell in known), default=0) for axis in (0, 1))
    places = [TilePlace((x - left) * TILE, (y - top) * TILE) for x, y in known]
    return TileLayout(
        places,
        max((place.x for place in places), default=0) + TILE,
        max((place.y for place in places), default=0) + TILE,
    )
