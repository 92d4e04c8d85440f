"""An administrator's GeoJSON: the outlines and names of regions by their codes.

A FeatureCollection; each feature has the properties ``code`` (or ``adcode``), six digits, and
``name``. Its geometry is a Polygon or MultiPolygon in degrees, or null: then only the name counts.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from fanzha.errors import InvalidConfiguration

MOST_BYTES = 16 * 2**20
MOST_FEATURES = 5_000
MOST_POINTS = 500_000
MOST_NAME = 40
WIDTH = 1000
"""Width of a drawing, in its units."""
_CODE_DIGITS = 6
_LONGEST, _HIGHEST = 180.0, 90.0

Ring: TypeAlias = tuple[tuple[float, float], ...]
"""Points of a closed line: longitude and latitude."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A region of the file."""

    name: str
    rings: tuple[Ring, ...]
    """Empty: the file has only its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnMap:
    """Outlines on one drawing."""

    paths: Mapping[str, str]
    """By code, as the ``d`` of a path."""
    centres: Mapping[str, tuple[int, int]]
    width: int
    height: int


@cache
def load(path: Path | None) -> Mapping[str, Outline]:
    """Read the file, once; raise `InvalidConfiguration` for a wrong one. None: nothing is known."""
    if path is None:
        return {}
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InvalidConfiguration(
                "console_map_file: larger than {most} MiB", most=MOST_BYTES // 2**20
            )
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidConfiguration(
            "console_map_file: {path} is no JSON that can be read: {error}", path=path, error=error
        ) from None
    return _outlines(content)


def _outlines(content: Any) -> Mapping[str, Outline]:
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list) or len(features) > MOST_FEATURES:
        raise InvalidConfiguration(
            "console_map_file: must be a FeatureCollection of at most {most} features",
            most=MOST_FEATURES,
        )
    found: dict[str, Outline] = {}
    points = 0
    for number, feature in enumerate(features, 1):
        try:
            code, outline = _outline(feature)
        except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
            raise InvalidConfiguration(
                "console_map_file: feature {number}: {error}", number=number, error=error
            ) from None
        points += sum(map(len, outline.rings))
        if points > MOST_POINTS:
            raise InvalidConfiguration(
                "console_map_file: more than {most} points: simplify it", most=MOST_POINTS
            )
        found[code] = outline
    return found


def _outline(feature: Any) -> tuple[str, Outline]:
    properties = feature["properties"]
    code = str(properties.get("code") or properties.get("adcode") or "")
    name = str(properties.get("name") or code)
    if not (code.isascii() and code.isdecimal() and len(code) == _CODE_DIGITS):
        raise ValueError(f"code: must have six digits, not {code[:20]!r}")
    if len(name) > MOST_NAME or not name.isprintable():
        raise ValueError("name: too long, or not printable")
    return code, Outline(name=name, rings=tuple(_rings(feature.get("geometry"))))


def _rings(geometry: Any) -> Iterator[Ring]:
    if geometry is None:
        return
    shapes = {"Polygon": [geometry["coordinates"]], "MultiPolygon": geometry["coordinates"]}
    for polygon in shapes[geometry["type"]]:
        for ring in polygon:
            yield tuple(_point(one) for one in ring)


def _point(pair: Any) -> tuple[float, float]:
    x, y = float(pair[0]), float(pair[1])
    if not (abs(x) <= _LONGEST and abs(y) <= _HIGHEST):
        raise ValueError("a point lies outside of the world, or is no number")
    return x, y


def drawn(outlines: Mapping[str, Outline], codes: Sequence[str]) -> DrawnMap | None:
    """Draw the regions with these codes; None unless each of them has an outline."""
    shapes = {code: outlines[code].rings for code in codes if code in outlines}
    if not codes or len(shapes) < len(codes) or not all(shapes.values()):
        return None
    points = [point for rings in shapes.values() for ring in rings for point in ring]
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    low, high = min(y for _, y in points), max(y for _, y in points)
    # Degrees of longitude are shorter the farther from the equator.
    narrow = max(math.cos(math.radians((low + high) / 2)), 0.05)
    scale = WIDTH / max((right - left) * narrow, 1e-6)

    def place(point: tuple[float, float]) -> tuple[int, int]:
        return round((point[0] - left) * narrow * scale), round((high - point[1]) * scale)

    paths, centres = {}, {}
    for code, rings in shapes.items():
        placed = [[place(point) for point in ring] for ring in rings]
        paths[code] = "".join(
            "M" + "L".join(f"{x} {y}" for x, y in dict.fromkeys(ring)) + "Z" for ring in placed
        )
        widest = max(placed, key=lambda ring: max(x for x, _ in ring) - min(x for x, _ in ring))
        centres[code] = (
            sum(x for x, _ in widest) // len(widest),
            sum(y for _, y in widest) // len(widest),
        )
    height = max(round((high - low) * scale), 1)
    return DrawnMap(paths=paths, centres=centres, width=WIDTH, height=height)
