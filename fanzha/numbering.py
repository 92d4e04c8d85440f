"""Tells which calling numbers cannot exist, and which cannot come from where they came.

Only what is certain counts: a country code nobody has, a length its country does not
use, a Chinese number that fits no form of the plan. Whether a segment is in use is not
asked, for that changes, and in doubt the phone rings. Names (hashed senders),
unreadable keys and service codes are never impossible.

Two lookups per row, 0.1 to 0.2 microseconds in batches. The tables are made when they
are first needed: `prepare` takes a tenth of a second, mostly to read the metadata.

Sources: ITU-T E.164 country codes and lengths by way of the metadata of the
``phonenumbers`` package (libphonenumber); the Chinese numbering plan (MIIT, 2017, with
the changes to March 2023).
"""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
from phonenumbers import (
    PhoneMetadata,
    region_codes_for_country_code,
    supported_calling_codes,
)

from fanzha.phone import FIRST_SENDER
from fanzha.tables import Attestation, Bools, Ingress, Int64s, Uint8s, Uint32s

_POWERS = 10 ** np.arange(19, dtype=np.int64)
_MOST_DIGITS = 15
_LEAD = 3
"""Digits that are enough to know every country code."""
_CHINA = 86
_NO_PREFIX = 10
"""Stands for a country without a trunk prefix; no digit is that."""


class _World(NamedTuple):
    """What the first three digits of a number say."""

    lengths: Uint32s
    """Bit n: numbers of n digits, country code included, are possible; 0: no such country."""
    code_digits: Int64s
    trunk_prefixes: Int64s
    """The digit that some switches leave between country code and number."""


class _Plan(NamedTuple):
    """The national numbers of a country as disjoint intervals."""

    lows: Int64s
    highs: Int64s


def prepare() -> None:
    """Make the tables now, so that the first decision need not."""
    _world()
    _china()


def impossible(keys: Int64s) -> Bools:
    """Tell which keys are E.164 numbers that no subscriber can have."""
    result = np.zeros(len(keys), np.bool_)
    rows = np.flatnonzero((keys > 0) & (keys < FIRST_SENDER))
    numbers = keys[rows]
    digits = _count_digits(numbers)
    leads = numbers // _POWERS[np.maximum(digits - _LEAD, 0)]
    wrong = (leads < 10 ** (_LEAD - 1)) | (digits > _MOST_DIGITS)
    leads[wrong] = 0
    wrong |= ~_long_enough(numbers, digits, leads)
    chinese = np.flatnonzero((leads // 10 == _CHINA) & (digits <= _MOST_DIGITS))
    wrong[chinese] = ~_fits_china(numbers[chinese], digits[chinese])
    result[rows] = wrong
    return result


def domestic(keys: Int64s, country_code: str = "86") -> Bools:
    """Tell which keys are numbers of this country, existing or forged, such as ``+86110``."""
    numbers = np.where(keys < FIRST_SENDER, np.maximum(keys, 0), 0)
    rest = _count_digits(numbers) - len(country_code)
    home: Bools = (numbers // _POWERS[np.maximum(rest, 0)] == int(country_code)) & (rest > 0)
    return home


def service_code(keys: Int64s) -> Bools:
    """Tell which keys are codes such as ``110`` or ``95588``, written without a country."""
    codes: Bools = keys < 0
    return codes


def forged_from_abroad(
    callers: Int64s, ingress: Uint8s, attestations: Uint8s, country_code: str = "86"
) -> Bools:
    """Tell which callers pretend to be here, yet come in from abroad.

    Full attestation clears a caller. Subscribers who roam call home with a domestic
    number too: where their calls are not attested, the gateway must not report them as
    international, for nothing else tells them from forged ones.
    """
    suspicious: Bools = (ingress == Ingress.INTERNATIONAL) & (attestations != Attestation.FULL)
    if suspicious.any():
        suspicious &= domestic(callers, country_code) | service_code(callers)
    return suspicious


def _count_digits(numbers: Int64s) -> Int64s:
    return np.searchsorted(_POWERS, numbers, side="right")


def _long_enough(numbers: Int64s, digits: Int64s, leads: Int64s) -> Bools:
    world = _world()
    lengths = world.lengths[leads]
    rest = np.maximum(digits - world.code_digits[leads] - 1, 0)
    prefixed = numbers // _POWERS[rest] % 10 == world.trunk_prefixes[leads]
    # A number with a trunk prefix left in it is as good as one without.
    lengths |= (lengths << np.uint32(1)) * prefixed
    possible: Bools = (lengths >> digits.astype(np.uint32)) % 2 == 1
    return possible


def _fits_china(numbers: Int64s, digits: Int64s) -> Bools:
    national = numbers - _CHINA * _POWERS[digits - 2]
    plan = _china()
    at = np.maximum(np.searchsorted(plan.lows, national, side="right") - 1, 0)
    # One trunk zero may have been left in; as an integer the number has lost it anyway.
    whole = _count_digits(national) >= digits - 3
    fits: Bools = whole & (plan.lows[at] <= national) & (national <= plan.highs[at])
    return fits


@cache
def _world() -> _World:
    lengths = np.zeros(10**_LEAD, np.uint32)
    code_digits = np.ones(10**_LEAD, np.int64)
    prefixes = np.full(10**_LEAD, _NO_PREFIX, np.int64)
    for code in supported_calling_codes():
        size = len(str(code))
        leads = slice(code * 10 ** (_LEAD - size), (code + 1) * 10 ** (_LEAD - size))
        code_digits[leads] = size
        for region in region_codes_for_country_code(code):
            metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
            if metadata is None or (general := metadata.general_desc) is None:
                continue
            for length in (*general.possible_length, *general.possible_length_local_only):
                lengths[leads] |= np.uint32(1 << (size + length))
            if metadata.national_prefix in tuple("0123456789"):
                prefixes[leads] = int(metadata.national_prefix)
    return _World(lengths, code_digits, prefixes)


@cache
def _china() -> _Plan:
    lows: list[int] = []
    highs: list[int] = []
    for low, high in sorted(_chinese_forms()):
        if lows and low <= highs[-1] + 1:
            highs[-1] = max(highs[-1], high)
        else:
            lows.append(low)
            highs.append(high)
    return _Plan(np.array(lows, np.int64), np.array(highs, np.int64))


def _chinese_forms() -> Iterator[tuple[int, int]]:
    """List the first and last number of every form, without country code and trunk zero."""
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


def _span(first: int, last: int, digits: int) -> tuple[int, int]:
    tail = 10 ** (digits - len(str(first)))
    return first * tail, (last + 1) * tail - 1
