"""Assigns cases of a city to its counties by weight, where configured.

A hash of the number chooses the county, so a person stays with one county while the rules do.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import accumulate
from pathlib import Path

from fanzha.errors import InvalidConfiguration
from services.warning.csv_rows import rows
from services.warning.policy.places import places

_WHOLE = 4
"""Digits of a code that identify the city."""
_MOST_WEIGHT = 1_000_000


@dataclass(frozen=True, slots=True)
class CountyAssignment:
    """Assignment rules by city."""

    by_city: Mapping[str, tuple[tuple[str, ...], tuple[int, ...]]] = field(default_factory=dict)
    """Counties, and the cumulative sum of their weights."""

    def of(self, city: str, number: str) -> str:
        """Return the county for a person of *city*; empty: a dispatcher assigns it."""
        rule = self.by_city.get(city)
        if rule is None:
            return ""
        counties, sums = rule
        drawn = int.from_bytes(blake2b(number.encode(), digest_size=8).digest()) % sums[-1]
        return counties[bisect_right(sums, drawn)]


def load(path: Path | None) -> CountyAssignment:
    """Load ``city,county,weight`` (default weight 1). Raises `ValueError` with the row."""
    weights: dict[str, dict[str, int]] = {}
    for where, cells in rows(path, ("city", "county"), ("weight",)) if path else ():
        city, county = places().code(cells["city"]), cells["county"]
        if not city or not county:
            raise InvalidConfiguration("{where}: city and county are required", where=where)
        if city.isdecimal() and county.isdecimal() and county[:_WHOLE] != city[:_WHOLE]:
            raise InvalidConfiguration(
                "{where}: county {county} is not in city {city}",
                where=where,
                county=county,
                city=city,
            )
        weight = cells.get("weight") or "1"
        if not weight.isdecimal() or not 1 <= int(weight) <= _MOST_WEIGHT:
            raise InvalidConfiguration(
                "{where}: weight: 1 to {most_weight}: {weight!r}",
                where=where,
                most_weight=_MOST_WEIGHT,
                weight=weight,
            )
        if county in weights.setdefault(city, {}):
            raise InvalidConfiguration(
                "{where}: county {county} is there twice", where=where, county=county
            )
        weights[city][county] = int(weight)
    return CountyAssignment(
        {city: (tuple(found), tuple(accumulate(found.values()))) for city, found in weights.items()}
    )
