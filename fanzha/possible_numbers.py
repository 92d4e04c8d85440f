"""The numbers that can exist, as spans of E.164 numbers read as integers.

Sources: ITU-T E.164 country codes and lengths by way of the metadata of the
``phonenumbers`` package (libphonenumber); the Chinese numbering plan (MIIT, 2017, with
the changes to March 2023).
"""

from collections.abc import Iterator
from typing import NamedTuple

from phonenumbers import (
    PhoneMetadata,
    region_codes_for_country_code,
    supported_calling_codes,
)

_MOST_DIGITS = 15
_LEAD = 3
"""Digits that are enough to know every country code."""
_CHINA = 86

Span = tuple[int, int]
"""The first number, and the one after the last."""


class _Country(NamedTuple):
    """Metadata of the numbers that begin with a country code."""

    code: int
    lengths: frozenset[int]
    """Digits of possible numbers, the code included."""
    trunk_prefixes: frozenset[str]
    """The digits that some switches leave between country code and number."""


def spans() -> list[Span]:
    """Return the possible numbers in ascending order, spans that touch made one."""
    merged: list[Span] = []
    for low, after in sorted(_all_spans()):
        if merged and low <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], after)
        else:
            merged.append((low, after))
    return merged


def _all_spans() -> Iterator[Span]:
    for code in supported_calling_codes():
        if code != _CHINA:
            yield from _abroad(_country(code))
    for low, after in _chinese_forms():
        digits = len(str(low))
        # One trunk zero may have been left in.
        for between in (0, 1):
            if digits + between + 2 <= _MOST_DIGITS:
                country = _CHINA * 10 ** (digits + between)
                yield country + low, country + after


def _abroad(country: _Country) -> Iterator[Span]:
    for digits in range(_LEAD, _MOST_DIGITS + 1):
        if digits in country.lengths:
            yield _beginning_with(country.code, digits)
            continue
        for prefix in country.trunk_prefixes:
            # A number with a trunk prefix left in it is as good as one without.
            if digits - len(prefix) in country.lengths:
                yield _beginning_with(int(f"{country.code}{prefix}"), digits)


def _country(code: int) -> _Country:
    lengths: set[int] = set()
    prefixes: set[str] = set()
    for region in region_codes_for_country_code(code):
        metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
        if metadata is None or (general := metadata.general_desc) is None:
            continue
        for length in (*general.possible_length, *general.possible_length_local_only):
            lengths.add(len(str(code)) + length)
        if (prefix := metadata.national_prefix or "").isdecimal():
            prefixes.add(prefix)
    return _Country(code, frozenset(lengths), frozenset(prefixes))


def _chinese_forms() -> Iterator[Span]:
    """List the span of every form, without country code and trunk zero."""
    yield _span(13, 19, 11)  # mobile
    yield _span(140, 140, 13)  # machines
    yield _span(144, 144, 13)
    for hotline in (400, 800):
        yield _span(hotline, hotline, 10)
    # Fixed lines: seven or eight digits after the area code, the first of them 2 to 8.
    for area in (10, *range(20, 30), *range(300, 1000)):
        for size in (7, 8):
            yield _span(area * 10 + 2, area * 10 + 8, len(str(area)) + size)
    # Codes, which some switches write with the country code: public services, carriers,
    # national and provincial services with the digits their owners append, SMS access.
    for digits in (3, 5, 6):
        yield _span(1, 1, digits)
    for digits in range(5, 13):
        yield _span(95, 96, digits)
    for digits in range(7, 14):
        yield _span(106, 106, digits)


def _span(first: int, last: int, digits: int) -> Span:
    return _beginning_with(first, digits)[0], _beginning_with(last, digits)[1]


def _beginning_with(lead: int, digits: int) -> Span:
    tail = 10 ** (digits - len(str(lead)))
    return lead * tail, (lead + 1) * tail
