"""The counties of the province, how many people live in each, and the numbers of these people.

A number says the county: ``+861700`` and three digits of the county, then four of the person. No
such number is assigned to anybody. People are about those of the county, in ten thousands.
"""

import csv
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from fanzha.tables import Int64s

Float64s: TypeAlias = npt.NDArray[np.float64]

PROVINCE = "安徽"
CODE = "340000"
PEOPLE = 10_000
"""Numbers of one county."""
_FIRST = 86_1700_000_0000
_FILE = Path(__file__).parent / "places.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoCounty:
    """A county of the province."""

    place: int
    """Its ordinal, which its numbers carry."""
    code: str
    name: str
    city: str
    """The name of its city, without 市."""
    people: int

    @property
    def city_code(self) -> str:
        """Return the code of its city."""
        return f"{self.code[:4]}00"

    def number(self, person: int) -> str:
        """Return the number of a person."""
        return f"+{_FIRST + self.place * PEOPLE + person}"


@cache
def counties() -> tuple[DemoCounty, ...]:
    """Return all counties."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return tuple(
            DemoCounty(
                place=place,
                code=row["county"],
                name=row["name"],
                city=row["city"],
                people=int(row["people"]),
            )
            for place, row in enumerate(csv.DictReader(file))
        )


@cache
def _shares() -> Float64s:
    people = np.array([one.people for one in counties()], np.float64)
    shares: Float64s = people / people.sum()
    return shares


def draw_places(chance: np.random.Generator, rows: int, hot: int = -1) -> Int64s:
    """Draw ordinals of counties by their people; half of them from the city of county *hot*."""
    drawn = chance.choice(len(_shares()), rows, p=_shares()).astype(np.int64)
    if hot >= 0:
        city = counties()[hot].city
        inside = [one.place for one in counties() if one.city == city]
        drawn = np.where(chance.random(rows) < 0.5, chance.choice(inside, rows), drawn)  # noqa: PLR2004
    return drawn


def number_keys(chance: np.random.Generator, places: Int64s) -> Int64s:
    """Return the number of somebody in each county."""
    keys: Int64s = _FIRST + places * PEOPLE + chance.integers(0, PEOPLE, len(places))
    return keys


def write_regions(path: Path) -> None:
    """Write the table that says the county of each number (``FANZHA_WARNING_REGIONS_FILE``)."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("number", "province", "city", "county"))
        for one in counties():
            prefix = str(_FIRST + one.place * PEOPLE)[:-4]
            writer.writerow((f"+{prefix}*", PROVINCE, one.city, one.code))


def write_names(path: Path) -> None:
    """Write the names of the counties, without outlines (``FANZHA_CONSOLE_MAP_FILE``)."""
    features = [
        {
            "type": "Feature",
            "properties": {"code": one.code, "name": one.name},
            "geometry": None,
        }
        for one in counties()
    ]
    content = {"type": "FeatureCollection", "features": features}
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
