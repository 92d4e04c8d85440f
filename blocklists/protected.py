"""Numbers and names that no list and no model may cut off, compiled into the program.

A mistake here costs lives, so the guard applies three times: imports reject such patterns, row
by row and with the reason; followers drop them from the lists they publish; and decisions
disregard all other evidence about protected parties.

Protected numbers and their written forms are the table in `fanzha.service_codes`.
For most batches one comparison, and one substring search per URL: a few microseconds for a
batch of calls, a tenth of one per URL.

Sources: ITU-T E.164 country codes.
"""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from blocklists import number_deobfuscation, protected_names
from blocklists.entries import EntryKind
from blocklists.entry_table import Identities
from fanzha import service_codes
from fanzha.decisions import Action
from fanzha.phone import FIRST_SENDER, HomePlan
from fanzha.tables import Bools, Int64s, Uint8s
from fanzha.translation.catalogue import gettext_noop
from fanzha.translation.message import Message

_PLAN = HomePlan()

LEAST_DIGITS_AFTER_COUNTRY = 3
"""A range with fewer would cut off a whole country or network."""
LEAST_DIGITS_OF_CODES = 4
"""A range of service codes with fewer would cut off a whole class of services."""
_EXACT = 255

_TWO_DIGIT_COUNTRIES = (
    "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 "
    "60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98"
)

_POWERS = 10 ** np.arange(19, dtype=np.int64)
_COUNTRY_DIGITS = np.full(100, 3, np.int64)
"""Length of a country code by its first two digits."""
_COUNTRY_DIGITS[[int(code) for code in _TWO_DIGIT_COUNTRIES.split()]] = 2
_COUNTRY_DIGITS[10:20] = 1
_COUNTRY_DIGITS[70:80] = 1

_IS = gettext_noop(
    "{pattern} is a protected number: nothing may block emergency and service numbers"
)
_COVERS = gettext_noop(
    "{pattern} covers a protected number: nothing may block emergency and service numbers"
)
_GOVERNMENT = re.compile(r"[a-z]+://(?:[^/?#]*\.)?gov\.cn/")


def links(urls: Sequence[str]) -> Bools:
    """Return a mask of which canonical URLs lead to a protected site."""
    # Row by row: strings are Python objects anyway, and nearly all end at the first test.
    return np.fromiter(
        ("gov.cn/" in each and _GOVERNMENT.match(each) is not None for each in urls),
        np.bool_,
        len(urls),
    )


def protected_numbers(keys: Int64s) -> Bools:
    """Return a mask of which numbers are protected, in whatever form they are written."""
    return service_codes.is_dialled_code(keys)


def written_forms(code: str) -> Iterator[str]:
    """Write a service code, such as ``96110``, in every form that must ring."""
    return service_codes.written_forms(code)


def refused_numbers(keys: Int64s, digits: Uint8s) -> Bools:
    """Return a mask of numbers and ranges that cannot be blocked; *digits* as in `EntryTable`."""
    refused = protected_numbers(keys)
    ranges = np.flatnonzero(digits != _EXACT)
    if len(ranges):
        heads, lengths = keys[ranges], digits[ranges].astype(np.int64)
        refused[ranges] = too_broad(heads, lengths) | service_codes.ranges_cover(heads, lengths)
    return refused


def too_broad(heads: Int64s, digits: Int64s) -> Bools:
    """Return a mask of which ranges would act on a whole country, network or class of services."""
    size = np.abs(heads)
    # One digit alone reads as followed by a zero; too short it is either way.
    first_two = size * 10 // _POWERS[np.maximum(digits - 1, 0)]
    after_country = digits - _COUNTRY_DIGITS[first_two]
    broad: Bools = np.where(
        heads > 0, after_country < LEAST_DIGITS_AFTER_COUNTRY, digits < LEAST_DIGITS_OF_CODES
    )
    return broad


def suspects(entries: Identities) -> Int64s:
    """Return a superset of the rows that `refusal` refuses, in no order."""
    blocking = entries.actions == Action.BLOCK
    named = np.flatnonzero(blocking & (entries.kinds == EntryKind.HOST))
    parties = np.flatnonzero(blocking & (entries.kinds <= EntryKind.SENDER))
    refused = refused_numbers(entries.keys[parties], entries.digits[parties])
    return np.concatenate(
        [
            parties[refused],
            # Ranges may be too broad to allow, too.
            np.flatnonzero((entries.kinds == EntryKind.RANGE) & ~blocking),
            _disguised(entries),
            named[protected_names.suspects(entries.patterns.take(named).all_raw())],
            np.flatnonzero(blocking & (entries.kinds == EntryKind.URL_PREFIX)),
        ]
    )


def refusal(kind: EntryKind, pattern: str, key: int, digits: int, action: Action) -> str:
    """Return why no entry may have this pattern; empty when it may.

    *pattern* is canonical; *key* and *digits* are those of a number, range or sender.
    An ALLOW entry blocks nobody, but one for a whole country would disarm the lists, and one for
    a name that looks like a protected number would protect its impersonator.
    """
    if kind == EntryKind.RANGE and bool(too_broad(np.array([key]), np.array([digits]))[0]):
        return Message(
            "the range {pattern} is too broad: at least {text}",
            pattern=pattern,
            text=_least_digits(key),
        )
    if kind == EntryKind.SENDER and key >= FIRST_SENDER and _looks_protected(pattern):
        return Message(
            "{pattern} reads like a protected number: write the digits if one is meant",
            pattern=pattern,
        )
    if action != Action.BLOCK:
        return ""
    if kind in (EntryKind.HOST, EntryKind.URL_PREFIX):
        return protected_names.refusal(kind, pattern)
    # Fingerprints are never refused: texts of protected senders are delivered anyway.
    party = kind <= EntryKind.SENDER
    if party and refused_numbers(np.array([key]), np.array([digits], np.uint8))[0]:
        return Message(_COVERS if kind == EntryKind.RANGE else _IS, pattern=pattern)
    return ""


def _least_digits(key: int) -> Message:
    if key > 0:
        return Message("{digits} digits after the country code", digits=LEAST_DIGITS_AFTER_COUNTRY)
    return Message("{digits} digits of a service code", digits=LEAST_DIGITS_OF_CODES)


def _disguised(entries: Identities) -> Int64s:
    """Return the rows of names that look like protected numbers."""
    named = np.flatnonzero((entries.kinds == EntryKind.SENDER) & (entries.keys >= FIRST_SENDER))
    texts = [entries.patterns.get(row) for row in named.tolist()]
    found: Int64s = named[np.array([_looks_protected(text) for text in texts], np.bool_)]
    return found


def _looks_protected(name: str) -> bool:
    digits = number_deobfuscation.deobfuscate(name)
    return bool(digits) and bool(service_codes.is_dialled_code(_PLAN.number_keys([digits]))[0])
