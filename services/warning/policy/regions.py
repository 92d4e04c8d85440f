"""Resolves the region of a number.

Tables in order: the administrator's rows for exact numbers, their rows for prefixes, the public
prefixes of `phonenumbers`. A batch takes about a microsecond per number, a single number 25
(`benchmarks/micro/bench_warnings.py`).
"""

import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from fanzha.errors import InvalidConfiguration
from fanzha.tables import Bools, Int64s
from services.warning.csv_rows import rows
from services.warning.model import Region
from services.warning.policy import counties, geocoder, number_table
from services.warning.policy.counties import CountyAssignment
from services.warning.policy.number_table import NOWHERE, NumberTable
from services.warning.policy.places import NamedRegion, places

logger = logging.getLogger(__name__)

LISTED = "ported"
"""Exact number in the administrator's table."""
TABLE = "table"
"""Prefix in the administrator's table."""
PREFIX = "prefix"
"""Prefix in the public table."""
SHARED = "shared"
"""Prefix shared by several cities: only the province is known."""
FOREIGN = "foreign"
UNKNOWN = "unknown"
"""Invalid, or a number of this country that no table has."""
HOWS = (LISTED, TABLE, PREFIX, SHARED, FOREIGN, UNKNOWN)

_MAX_LISTED = 10
_WITH_CODES = "86"
"""Country code of places with GB/T 2260 codes."""
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_ROW = re.compile(r"\+([1-9][0-9]{1,14})(\*?)")


class RegionFinder:
    """Resolves regions; `counts` has the number of lookups by table."""

    def __init__(
        self,
        *,
        own: tuple[NumberTable, Sequence[Region]],
        assigned: CountyAssignment | None = None,
        home_country: str = "86",
    ) -> None:
        """*own* is the administrator's table with its regions."""
        self._own, self._own_regions = own
        self._counties = assigned or CountyAssignment()
        self._home_country, self._home = home_country, f"+{home_country}"
        self.counts: Counter[str] = Counter(dict.fromkeys(HOWS, 0))

    @classmethod
    def load(
        cls,
        *,
        home_country: str = "86",
        table: Path | None = None,
        county_rules: Path | None = None,
    ) -> "RegionFinder":
        """Load all tables but the public one, see `prepare`. Raises `ValueError`."""
        own = _own(table)
        geocoder.modules(home_country)
        _tell_names(own[1], home_country)
        return cls(
            own=own,
            assigned=counties.load(county_rules),
            home_country=home_country,
        )

    def prepare(self) -> None:
        """Load the public table now, in a quarter of a second, instead of at the first number."""
        _public(self._home_country)

    def of(self, numbers: Sequence[str]) -> list[Region]:
        """Return the region of each E.164 number."""
        keys = np.fromiter(
            (int(text) if _E164.fullmatch(text) else 0 for text in numbers), np.int64, len(numbers)
        )
        shipped, regions = _public(self._home_country)
        own, public = self._own.find(keys).tolist(), shipped.find(keys).tolist()
        found = [
            self._region(number, mine, None if theirs == NOWHERE else regions[theirs])
            for number, mine, theirs in zip(numbers, own, public, strict=True)
        ]
        self.counts.update(region.how for region in found)
        return found

    def places_of(self, numbers: Int64s) -> tuple[Int64s, list[str]]:
        """Return the city or province of each number key, as places in a list of codes.

        For tables of millions: nothing is counted, and counties are left out. What has no code is
        the name that a table has; ``foreign`` and ``unknown`` are the last two.
        """
        shipped, regions = _public(self._home_country)
        own, public = self._own.find(numbers), shipped.find(numbers)
        names = [one.city or one.province for one in (*self._own_regions, *regions)]
        abroad = ~_begins_with(numbers, int(self._home_country))
        found = np.where(
            public == NOWHERE, len(names) + 1 - abroad, public + len(self._own_regions)
        )
        found[numbers <= 0] = len(names) + 1
        return np.where(own == NOWHERE, found, own), [*names, FOREIGN, UNKNOWN]

    def _region(self, number: str, own: int, public: Region | None) -> Region:
        if own != NOWHERE:
            region = self._own_regions[own]
        elif public is not None:
            region = public
        elif _E164.fullmatch(number) and not number.startswith(self._home):
            return Region(how=FOREIGN)
        else:
            return Region(how=UNKNOWN)
        if region.county or not region.city:
            return region
        county = self._counties.of(region.city, number)
        return replace(region, county=county) if county else region


def _begins_with(numbers: Int64s, country: int) -> Bools:
    """Return which E.164 numbers, at most 15 digits, are of a country."""
    digits = len(str(country))
    found = np.zeros(len(numbers), np.bool_)
    for more in range(6 - digits, 16 - digits):
        found |= numbers // 10**more == country
    return found


def _own(path: Path | None) -> tuple[NumberTable, Sequence[Region]]:
    """Load ``number,province,city,county``; a number with a final ``*`` is a prefix."""
    regions: dict[Region, int] = {}
    table = number_table.build(_own_rows(path, regions) if path else ())
    return table, list(regions)


def _tell_names(regions: Sequence[Region], home_country: str) -> None:
    """Warn about names without a code: they may be misspelt, and no desk has their cases."""
    parts = {part for region in regions for part in (region.province, region.city) if part}
    names = sorted(part for part in parts if not part.isdecimal())
    if names and home_country == _WITH_CODES:
        logger.warning(
            "warning_regions_file: %d places have no code, and no regional scope of an "
            "identity covers them: %s",
            len(names),
            ", ".join(names[:_MAX_LISTED]),
        )


def _own_rows(path: Path, regions: dict[Region, int]) -> Iterator[tuple[str, int]]:
    for where, cells in rows(path, ("number", "province"), ("city", "county")):
        match = _ROW.fullmatch(cells["number"])
        if match is None:
            raise InvalidConfiguration(
                "{where}: no number such as +8617000000001 or +861700000*", where=where
            )
        if not cells["province"]:
            raise InvalidConfiguration("{where}: province is required", where=where)
        province = places().code(cells["province"])
        region = Region(
            province=province,
            city=_city(province, cells.get("city", "")),
            county=cells.get("county", ""),
            how=TABLE if match[2] else LISTED,
        )
        yield match[1], regions.setdefault(region, len(regions))


def _city(province: str, text: str) -> str:
    if not text or text in places().names:
        return text
    with_province = places().code(places().name(province) + text)
    return with_province if with_province.isdecimal() else text


@lru_cache(maxsize=2)
def _public(home_country: str) -> tuple[NumberTable, Sequence[Region]]:
    """Return the public table with its regions."""
    regions: dict[Region, int] = {}
    numbered: dict[str, int] = {}
    found = geocoder.prefixes(home_country)
    for description in set(found.values()):
        region = _described(description)
        numbered[description] = regions.setdefault(region, len(regions))
    table = number_table.build((digits, numbered[text]) for digits, text in found.items())
    return table, tuple(regions)


def _described(description: str) -> Region:
    place = places().find(description)
    if place is None:
        # Other countries: "Jersey City, NJ".
        city, _, province = description.rpartition(", ")
        place = NamedRegion(province or description, city)
    return Region(province=place.province, city=place.city, how=SHARED if place.shared else PREFIX)
