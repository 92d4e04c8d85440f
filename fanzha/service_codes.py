"""The protected service codes, and every written form of them, as one table.

The parser (`fanzha.phone`) reads the forms of `FORMS`, the guard (`blocklists.protected`)
refuses and protects them, and the plausibility rule (`fanzha.numbering`) accepts them: all
three use this module.

No real subscriber is among them, for three reasons, one per kind of form:

* After an area code a subscriber number has seven or eight digits, the first of them 2 to 8.
  A service code has three, five or six digits and begins with 1 or 9.
* After 86 alone a number has at least nine digits; a service code has at most six.
* After a bare plus there are at most six digits. ``+12381`` would be North America, where
  numbers have eleven digits; ``+95588`` would be Myanmar, where they have eight or more;
  nor have the countries under 960 to 968 numbers so short.

Longer numbers that begin like a form are ordinary: ``+861012345678`` is a subscriber in
Beijing, ``9558812`` a bank's code with digits appended. So lengths are exact. A range, which
has no length, is another matter: see `ranges_cover`.

Look-ups are binary searches among 26,000 bounds, built when first needed in a few
milliseconds (`prepare`); batches without short numbers cost one comparison.

Sources: the Chinese numbering plan (MIIT, 2017, with the changes to March 2023); ITU-T
E.164; lengths abroad from the metadata of libphonenumber.
"""

import re
from collections.abc import Iterable, Iterator
from enum import IntEnum
from functools import cache
from typing import NamedTuple

import numpy as np

from fanzha.tables import Bools, Int64s, Uint8s

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
"""An x is any digit."""

EMERGENCY_CODES = ("110", "112", "119", "120", "122", "96110", "12381")
"""Those that only their own network can originate: emergency and anti-fraud lines."""

AREA_CODES = (10, *range(20, 30), *(area for area in range(300, 1000) if area not in (400, 800)))
"""Without the trunk prefix 0: Beijing, other cities with two digits, all others with three.

Unassigned ones are included. 400 and 800 are hotlines, whose ranges can be listed.
"""


class Form(NamedTuple):
    """A way to write a service code."""

    front: str
    """Digits and signs before the area code."""
    area: bool
    """Whether an area code, without its 0, precedes the service code."""
    key: str
    """The digits of *front* in a number key, see `fanzha.phone`."""
    example: str


FORMS = (
    # front, area code, key, example
    Form("", False, "", "96110"),
    Form("0", False, "86", "096110"),
    Form("0", True, "86", "057196110"),
    Form("86", False, "86", "8696110"),
    Form("86", True, "86", "8657196110"),
    Form("860", False, "86", "86096110"),
    Form("860", True, "86", "86057196110"),
    Form("+", False, "", "+96110"),
    Form("+86", False, "86", "+8696110"),
    Form("+86", True, "86", "+8657196110"),
    Form("+860", False, "860", "+86096110"),
    Form("+860", True, "860", "+86057196110"),
    Form("00", False, "", "0096110"),
    Form("0086", False, "86", "008696110"),
    Form("0086", True, "86", "008657196110"),
    Form("00860", False, "860", "0086096110"),
    Form("00860", True, "860", "0086057196110"),
)
"""All forms, without separators: the parser drops spaces, dashes, dots and brackets."""

# An area code without 0 or 86 in front is no form: ``57196110`` may be a subscriber of
# another city, ``95112345`` a code with digits appended, ``+4319110`` an Austrian. Only
# where nothing else is so written do such digits count, and then for the callee alone.
_LONGEST_ALONE = 3
"""Most digits of a service code after any area code alone: with it, five or six in all."""
_BEIJING = 10
"""After this one any service code counts: nothing else is known to be written so."""

_NO_FOREIGN_RANGES = ("10", "11")
"""North America has no area codes with 0 or 1, so ranges of +10 and +11 hold no subscriber."""

_CODE = re.compile(r"[19][0-9x]{2,5}")
_NO_ROWS = np.zeros(0, np.int64)
_LARGEST = 861 * 10**9
"""All keys of forms are below, in size."""
_MOST_DIGITS = 12
_POWERS = 10 ** np.arange(19, dtype=np.int64)
# A search in a few bounds spares most foreign numbers the search in 26,000: forms have at most
# eight digits or begin with 86.
_COARSE: Int64s = np.array(
    [0, 10**8, *(side * 10**digits for digits in range(7, 10) for side in (86, 87)), 860 * 10**9],
    np.int64,
)


def written_forms(code: str, areas: Iterable[int] = AREA_CODES) -> Iterator[str]:
    """Write *code*, such as ``96110``, in every form, with each of these area codes."""
    known = list(areas)
    for form in FORMS:
        for area in known if form.area else ("",):
            yield f"{form.front}{area}{code}"


def national_pattern() -> str:
    """Return a regular expression for forms without plus or 00; its group is the national part."""
    codes = "|".join(code.replace("x", "[0-9]") for code in SERVICE_CODES)
    area = "10|2[0-9]|(?![48]00)[3-9][0-9]{2}"
    fronts = sorted({form.front for form in FORMS if re.fullmatch("86|0|860", form.front)})
    return f"(?:{'|'.join(fronts)})(?P<service>(?:{area})?(?:{codes}))"


def prepare() -> None:
    """Compute the bounds now rather than at the first decision."""
    _forms()
    _area_alone()
    _refused_ranges()


def is_form(keys: Int64s) -> Bools:
    """Return a mask of which number keys are a service code in a form of `FORMS`."""
    # Where home is elsewhere 86110 is read as a code; the sign makes no difference.
    return _among(_forms(), keys)


def after_bare_plus(keys: Int64s) -> Bools:
    """Return a mask of which number keys are service codes with nothing but a plus in front."""
    return _odd(_alone(), keys)


class CodeSet:
    """Some service codes in all forms of `FORMS`."""

    def __init__(self, codes: Iterable[str]) -> None:
        """Take codes such as ``96110`` and ``95xxx``; an x is any digit."""
        listed = list(codes)
        for code in listed:
            if not _CODE.fullmatch(code):
                raise ValueError(f"no service code such as 96110 or 95xxx: {code!r}")
        self.codes = tuple(listed)
        """The codes, as they were given."""
        self._bounds = _bounds((listed, _all_fronts())) if listed else np.zeros(0, np.int64)

    def holds(self, keys: Int64s) -> Bools:
        """Return a mask of which number keys are one of these codes, in whatever form."""
        return _among(self._bounds, keys)


class CodeClass(IntEnum):
    """What a party is, as far as protected codes are concerned."""

    ORDINARY = 0
    """No protected code."""
    SERVICE = 1
    """A service code, in whatever form."""
    EMERGENCY = 2
    """One of `EMERGENCY_CODES`, as dialled or after an area code."""
    EMERGENCY_E164 = 3
    """One of them after 86 or a bare plus, without an area code: ``+86110`` cannot be called."""


def code_classes(keys: Int64s) -> Uint8s:
    """Return the `CodeClass` of each number key."""
    classes = _among(_forms(), keys).astype(np.uint8)
    if np.count_nonzero(classes):
        emergency, after_country, alone = _emergency()
        classes[_among(emergency, keys)] = CodeClass.EMERGENCY
        e164 = _among(after_country, keys) | (_among(alone, keys) & (keys > 0))
        classes[e164] = CodeClass.EMERGENCY_E164
    return classes


def is_dialled_code(keys: Int64s) -> Bools:
    """Return a mask of which number keys mean a service code when they are called."""
    found = _among(_forms(), keys)
    if np.count_nonzero(keys < 0):
        found |= (keys < 0) & _among(_area_alone(), keys)
    return found


def ranges_cover(heads: Int64s, digits: Int64s) -> Bools:
    """Return a mask of ranges that hold a form, or several; *digits* counts their leading digits.

    Foreign ranges that hold a form with a bare plus are not covered: ``+1212*`` is
    New York first and ``+12123`` second. Calls to the second are connected all the same.
    """
    covering = np.zeros(len(heads), np.bool_)
    size, plus = np.abs(heads), heads > 0
    abroad, at_home = _refused_ranges()
    for more in range(_MOST_DIGITS):
        fits = digits + more <= _MOST_DIGITS
        low = np.where(fits, size, 0) * _POWERS[more]
        last = low + _POWERS[more] - 1
        covering |= fits & np.where(plus, _touches(abroad, low, last), _touches(at_home, low, last))
    return covering


def candidates(keys: Int64s) -> Int64s:
    """Return the rows of keys that may be a form; mostly none, which one comparison shows."""
    size = np.abs(keys)
    small: Bools = size < _LARGEST
    if not np.count_nonzero(small):
        return _NO_ROWS
    rows = np.flatnonzero(small)
    likely: Int64s = rows[_odd(_COARSE, size.take(rows))]
    return likely


def _among(bounds: Int64s, keys: Int64s) -> Bools:
    found = np.zeros(len(keys), np.bool_)
    rows = candidates(keys)
    if len(rows):
        found[rows] = _odd(bounds, np.abs(keys[rows]))
    return found


def _odd(bounds: Int64s, sizes: Int64s) -> Bools:
    """Return a mask of which numbers lie in a span: from one of *bounds* to before the next."""
    inside: Bools = (bounds.searchsorted(sizes, side="right") & 1).astype(np.bool_)
    return inside


def _touches(bounds: Int64s, low: Int64s, last: Int64s) -> Bools:
    """Return a mask of which intervals share a number with a span."""
    first, end = (bounds.searchsorted(each, side="right") for each in (low, last))
    touching: Bools = (first != end) | (first & 1).astype(np.bool_)
    return touching


@cache
def _forms() -> Int64s:
    return _bounds((SERVICE_CODES, _all_fronts()))


@cache
def _emergency() -> tuple[Int64s, Int64s, Int64s]:
    """Return the bounds of emergency codes: in all forms, after the country code, and alone."""
    country = sorted({int(form.key) for form in FORMS if form.key and not form.area})
    fronts = (_all_fronts(), country, [0])
    in_all, after_country, alone = (_bounds((EMERGENCY_CODES, some)) for some in fronts)
    return in_all, after_country, alone


def _all_fronts() -> list[int]:
    return sorted({key for form in FORMS for key in _fronts(form)})


@cache
def _alone() -> Int64s:
    return _bounds((SERVICE_CODES, [0]))


@cache
def _area_alone() -> Int64s:
    short = [code for code in SERVICE_CODES if len(code) <= _LONGEST_ALONE]
    return _bounds((short, AREA_CODES), (SERVICE_CODES, [_BEIJING]))


@cache
def _refused_ranges() -> tuple[Int64s, Int64s]:
    """Return what no range with a plus may hold, and what none without may hold."""
    home = (SERVICE_CODES, sorted({key for form in FORMS for key in _fronts(form) if key}))
    plus = [code for code in SERVICE_CODES if code.startswith(_NO_FOREIGN_RANGES)]
    short = [code for code in SERVICE_CODES if len(code) <= _LONGEST_ALONE]
    return (
        _bounds(home, (plus, [0])),
        _bounds(home, (SERVICE_CODES, [0, _BEIJING]), (short, AREA_CODES)),
    )


def _fronts(form: Form) -> Iterator[int]:
    """Return the digits before the service code in the keys of *form*."""
    for area in AREA_CODES if form.area else ("",):
        yield int(f"{form.key}{area}" or 0)


def _bounds(*groups: tuple[Iterable[str], Iterable[int]]) -> Int64s:
    """Return the bounds of the spans of all codes after all fronts, those that touch made one."""
    spans = []
    for codes, fronts in groups:
        before = np.array(list(fronts), np.int64)
        for code in codes:
            low = before * 10 ** len(code) + int(code.replace("x", "0"))
            spans.append(np.stack((low, low + 10 ** code.count("x"))))
    lows, ends = np.concatenate(spans, axis=1)
    order = np.argsort(lows, kind="stable")
    lows, ends = lows[order], np.maximum.accumulate(ends[order])
    starts = np.flatnonzero(lows > np.concatenate(([-1], ends[:-1])))
    bounds: Int64s = np.stack((lows[starts], np.append(ends[starts[1:] - 1], ends[-1])), 1).ravel()
    return bounds
