"""Numbers and names that no list and no model may cut off, compiled into the program.

A mistake here costs lives, so the guard stands three times: imports refuse such
patterns, row by row and with the reason; what is published holds none of them; and a
decision disregards all other evidence about the parties named here.

Only lookups in a handful of intervals and one substring search per URL: a few
microseconds for a batch of calls, a tenth of one per URL.

Sources: the Chinese numbering plan (MIIT, to March 2023); ITU-T E.164 country codes.
"""

import re
from collections.abc import Sequence

import numpy as np

from blocklists import protected_names
from blocklists.entries import Kind
from blocklists.entry_table import Identities
from fanzha.decisions import Action
from fanzha.tables import Bools, Calls, Ingress, Int64s, Texts, Uint8s

SERVICE_CODES = (
    "110",  # police
    "112",  # emergency on any mobile phone
    "119",  # fire
    "120",  # ambulance
    "122",  # traffic accidents
    "100xx",  # carriers
    "12xxx",  # public services: 12110, 12321, 12345, 12381, 12395 and others
    "95xxx",  # national services, banks among them
    "95xxxx",
    "96xxx",  # provincial services, 96110 among them
    "96xxxx",
)
"""An x stands for any digit."""

_INTERNATIONAL = np.uint8(Ingress.INTERNATIONAL)
_HOME = "86"
"""The country code that some switches, and forgers, put in front."""

LEAST_DIGITS_AFTER_COUNTRY = 3
"""A range with fewer would cut off a whole country or network."""
LEAST_DIGITS_OF_CODES = 4
"""A range of service codes with fewer would cut off a whole class of services."""
_EXACT = 255

_TWO_DIGIT_COUNTRIES = (
    "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 "
    "60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98"
)

# Intervals of the keys of `fanzha.phone`: codes are negative. With the country code in
# front they are positive; where home is elsewhere, such digits are read as a code.
_FORGED_CODES = tuple(_HOME + code for code in SERVICE_CODES)
_SPANS = sorted(
    [(-int(code.replace("x", "9")), -int(code.replace("x", "0")), True) for code in SERVICE_CODES]
    + [
        (-int(code.replace("x", "9")), -int(code.replace("x", "0")), False)
        for code in _FORGED_CODES
    ]
    + [(int(code.replace("x", "0")), int(code.replace("x", "9")), False) for code in _FORGED_CODES]
)
_FIRST = np.array([first for first, _, _ in _SPANS], np.int64)
_LAST = np.array([last for _, last, _ in _SPANS], np.int64)
_CAN_CALL = np.array([can_call for _, _, can_call in _SPANS], np.bool_)
"""Codes without a country code in front: only these can be real callers."""
_LARGEST = int(np.abs(_FIRST).max())

_POWERS = 10 ** np.arange(19, dtype=np.int64)
_COUNTRY_DIGITS = np.full(100, 3, np.int64)
"""Length of a country code by its first two digits."""
_COUNTRY_DIGITS[[int(code) for code in _TWO_DIGIT_COUNTRIES.split()]] = 2
_COUNTRY_DIGITS[10:20] = 1
_COUNTRY_DIGITS[70:80] = 1

_GOVERNMENT = re.compile(r"[a-z]+://(?:[^/?#]*\.)?gov\.cn/")


def calls(table: Calls) -> Bools:
    """Tell which calls must be connected: those to a protected number, and those from one.

    A service code cannot call from abroad, nor with a country code in front: such
    callers are forged and get no protection.
    """
    return _parties(table.callers, table.callees, table.ingress)


def texts(table: Texts) -> Bools:
    """Tell which texts must be delivered, as `calls` does."""
    return _parties(table.senders, table.receivers, table.ingress)


def links(urls: Sequence[str]) -> Bools:
    """Tell which canonical URLs lead to a protected site."""
    # Row by row: strings are Python objects anyway, and nearly all end at the first test.
    return np.fromiter(
        ("gov.cn/" in each and _GOVERNMENT.match(each) is not None for each in urls),
        np.bool_,
        len(urls),
    )


def protected_numbers(keys: Int64s) -> Bools:
    """Tell which numbers are protected, with or without a country code in front."""
    small: Bools = np.abs(keys) <= _LARGEST
    return _in_span(keys)[1] if np.count_nonzero(small) else small


def refused_numbers(keys: Int64s, digits: Uint8s) -> Bools:
    """Tell which numbers and ranges no block entry may have; *digits* as in `EntryTable`."""
    refused = protected_numbers(keys)
    ranges = np.flatnonzero(digits != _EXACT)
    if len(ranges):
        heads, lengths = keys[ranges], digits[ranges].astype(np.int64)
        refused[ranges] = too_broad(heads, lengths) | _covering(heads, lengths)
    return refused


def too_broad(heads: Int64s, digits: Int64s) -> Bools:
    """Tell which ranges would act on a whole country, network or class of services."""
    size = np.abs(heads)
    # One digit alone reads as followed by a zero; too short it is either way.
    first_two = size * 10 // _POWERS[np.maximum(digits - 1, 0)]
    after_country = digits - _COUNTRY_DIGITS[first_two]
    broad: Bools = np.where(
        heads > 0, after_country < LEAST_DIGITS_AFTER_COUNTRY, digits < LEAST_DIGITS_OF_CODES
    )
    return broad


def suspects(entries: Identities) -> Int64s:
    """Return the rows that `refusal` may refuse, in some order; of the others it refuses none."""
    blocking = entries.actions == Action.BLOCK
    named = np.flatnonzero(blocking & (entries.kinds == Kind.HOST))
    parties = np.flatnonzero(blocking & (entries.kinds <= Kind.SENDER))
    refused = refused_numbers(entries.keys[parties], entries.digits[parties])
    return np.concatenate(
        [
            parties[refused],
            # Ranges may be too broad to allow, too.
            np.flatnonzero((entries.kinds == Kind.RANGE) & ~blocking),
            named[protected_names.suspects(entries.patterns.take(named).all_raw())],
            np.flatnonzero(blocking & (entries.kinds == Kind.URL_PREFIX)),
        ]
    )


def refusal(kind: Kind, pattern: str, key: int, digits: int, action: Action) -> str:
    """Say why no entry may have this pattern; empty when it may.

    *pattern* is canonical; *key* and *digits* are those of a number, range or sender.
    An ALLOW entry cuts nobody off, but one for a whole country would disarm the lists.
    """
    if kind == Kind.RANGE and bool(too_broad(np.array([key]), np.array([digits]))[0]):
        return f"the range {pattern} is too broad: at least {_least_digits(key)}"
    if action != Action.BLOCK:
        return ""
    if kind in (Kind.HOST, Kind.URL_PREFIX):
        return protected_names.refusal(kind, pattern)
    if kind == Kind.FINGERPRINT:
        return ""  # protected senders are heard whatever they write
    if refused_numbers(np.array([key]), np.array([digits], np.uint8))[0]:
        verb = "covers a protected number" if kind == Kind.RANGE else "is a protected number"
        return f"{pattern} {verb}: nothing may block emergency and service numbers"
    return ""


def _least_digits(key: int) -> str:
    if key > 0:
        return f"{LEAST_DIGITS_AFTER_COUNTRY} digits after the country code"
    return f"{LEAST_DIGITS_OF_CODES} digits of a service code"


def _parties(from_: Int64s, to: Int64s, ingress: Uint8s) -> Bools:
    both = np.concatenate((from_, to))
    if not np.count_nonzero(np.abs(both) <= _LARGEST):
        # Nearly always, for codes are short.
        return np.zeros(len(from_), np.bool_)
    at, inside = _in_span(both)
    rows = len(from_)
    real = inside[:rows] & _CAN_CALL[at[:rows]] & (ingress != _INTERNATIONAL)
    protected: Bools = real | inside[rows:]
    return protected


def _in_span(keys: Int64s) -> tuple[Int64s, Bools]:
    at = np.maximum(np.searchsorted(_FIRST, keys, side="right") - 1, 0)
    return at, (_FIRST[at] <= keys) & (keys <= _LAST[at])


def _covering(heads: Int64s, digits: Int64s) -> Bools:
    """Tell which ranges hold a protected number; one span after the other, for few there are."""
    size, positive = np.abs(heads), heads > 0
    covering = np.zeros(len(heads), np.bool_)
    for first, last, _ in _SPANS:
        low, high = sorted((abs(first), abs(last)))
        beyond = _POWERS[np.clip(len(str(low)) - digits, 0, 18)]
        covering |= (positive == (first > 0)) & (low // beyond <= size) & (size <= high // beyond)
    return covering
