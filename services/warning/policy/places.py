"""Names and codes of provinces and cities, by GB/T 2260.

The table is package data, with all provinces and prefectures and no counties. A place that it does
not have is identified by its name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_FILE = "places-1.txt"
_PLACE = re.compile(r"([0-9]{2}|[0-9]{4})(\D+)")
_ENDINGS = ("市", "州", "地区", "盟", "林区")
_CITY_ENDING = re.compile(r"(?:市|地区|盟|林区|县|区)$")
_PROVINCE_ENDING = re.compile(r"(?:省|市|特别行政区|壮族自治区|回族自治区|维吾尔自治区|自治区)$")
_ENGLISH = {"Simao, Yunnan": "云南省普洱市"}
"""The only place without a Chinese name in the public table."""


@dataclass(frozen=True, slots=True)
class NamedRegion:
    """A province, and one of its cities if known."""

    province: str
    city: str = ""
    shared: bool = False
    """Whether the description names several cities."""


@dataclass(frozen=True, slots=True)
class RegionTable:
    """The loaded table."""

    names: Mapping[str, str]
    """Names by code."""
    former: Mapping[str, str]
    """Current codes by former names, without endings."""

    def name(self, code: str) -> str:
        """Return the name of *code*, or *code* itself if unknown."""
        return self.names.get(code, code)

    def label(self, province: str, city: str) -> str:
        """Return province and city as one name; once for a municipality such as Beijing."""
        upper, lower = self.name(province), self.name(city)
        return upper if lower in ("", upper) else f"{upper}{lower}"

    def find(self, description: str) -> NamedRegion | None:
        """Parse a description such as 安徽省马鞍山市; None if its province is unknown."""
        text = _ENGLISH.get(description, description).strip()
        for code, name in self.names.items():
            if not code.endswith("0000"):
                continue
            short = _PROVINCE_ENDING.sub("", name)
            if text.startswith(short):
                rest = text.removeprefix(name) if text.startswith(name) else text[len(short) :]
                return self._in_province(code, rest.removeprefix("省"))
        return None

    def code(self, text: str) -> str:
        """Return the code of a code or a name with province, or *text* itself if unknown."""
        if text in self.names:
            return text
        place = self.find(text)
        if place is None:
            alone = [code for code, name in self.names.items() if text and name.startswith(text)]
            return alone[0] if len(alone) == 1 else text
        if place.shared:
            return text
        known = place.city or place.province
        # A county is identified by its own code, or by its name.
        return known if self._is_all(text, known) else text

    def _is_all(self, text: str, code: str) -> bool:
        name = self.name(code)
        return text.endswith((name, _CITY_ENDING.sub("", name), _PROVINCE_ENDING.sub("", name)))

    def _in_province(self, province: str, rest: str) -> NamedRegion:
        cities = [code for code in self.names if code[:2] == province[:2] and code != province]
        if not rest:
            # A municipality is its only city.
            alone = cities[0] if len(cities) == 1 else ""
            return NamedRegion(province, alone)
        found = {self._city(cities, part) for part in rest.split("、")}
        found.discard("")
        if len(found) == 1:
            return NamedRegion(province, found.pop())
        return NamedRegion(province, shared=len(found) > 1)

    def _city(self, cities: list[str], written: str) -> str:
        stem = _CITY_ENDING.sub("", written)
        former = self.former.get(written) or self.former.get(stem, "")
        if former in cities:
            return former
        return next((code for code in cities if stem and self.names[code].startswith(stem)), "")


@cache
def places() -> RegionTable:
    """Load the table, once."""
    text = (files("services.warning") / "data" / _FILE).read_text(encoding="utf-8")
    names: dict[str, str] = {}
    former: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        first, name, *rest = line.split()
        if first == "=":
            former[name] = rest[0]
            continue
        names[f"{first}0000"] = name
        for word in rest:
            match = _PLACE.fullmatch(word)
            if match is None:
                raise ValueError(f"{_FILE}: no code and name: {word!r}")
            digits, city = match.groups()
            names[f"{first}{digits:0<4}"] = city if city.endswith(_ENDINGS) else f"{city}市"
    return RegionTable(names=names, former=former)
