"""Finds calling numbers that cannot exist, and ones that cannot have come in by their trunk.

Only certain cases count: an unassigned country code, a length its country does not use, a
Chinese number that fits no form of the plan. Whether a number block is assigned is not checked:
assignments change, and in doubt the phone rings. Names (hashed senders),
unreadable keys and service codes, in whatever form (`fanzha.service_codes`), are never
impossible.

One look-up per row among the bounds of what is possible (`fanzha.possible_numbers`), some
30 nanoseconds in batches. The bounds are found when they are first needed: `prepare` takes
a tenth of a second, mostly to read the metadata.
"""

from functools import cache

import numpy as np

from fanzha import possible_numbers, service_codes
from fanzha.phone import FIRST_SENDER
from fanzha.tables import Attestation, Bools, Ingress, Int64s, Uint8s

# Access to an enum member takes a microsecond; to these constants it does not.
_INTERNATIONAL, _ATTESTED = np.uint8(Ingress.INTERNATIONAL), np.uint8(Attestation.FULL)
NO_NUMBER, HOME, FOREIGN = range(3)
"""Origins of a number, see `origins`."""


def prepare() -> None:
    """Find the bounds now, so that the first decision need not."""
    _impossible()
    service_codes.prepare()


def impossible(keys: Int64s) -> Bools:
    """Return a mask of E.164 numbers that neither a subscriber nor a service can have."""
    found = _inside(_impossible(), keys)
    if np.count_nonzero(found):
        rows = np.flatnonzero(found)
        found[rows] = ~service_codes.is_form(keys[rows])
    return found


def domestic(keys: Int64s, country_code: str = "86") -> Bools:
    """Return a mask of numbers of this country, existing or forged, such as ``+86110``."""
    return _inside(_of_country(country_code), keys)


def origins(keys: Int64s, country_code: str = "86") -> Int64s:
    """Return per key, int64, `HOME` (as in `domestic`), `FOREIGN`, or `NO_NUMBER` (not E.164)."""
    bounds, kinds = _origins(country_code)
    found: Int64s = kinds.take(bounds.searchsorted(keys, side="right"))
    return found


def service_code(keys: Int64s) -> Bools:
    """Return a mask of codes such as ``110`` or ``95588``, written without a country."""
    codes: Bools = keys < 0
    return codes


def forged_from_abroad(
    callers: Int64s, ingress: Uint8s, attestations: Uint8s, country_code: str = "86"
) -> Bools:
    """Return a mask of callers with a domestic number that come in from abroad.

    Full attestation clears a caller. Subscribers who roam call home with a domestic
    number too: where their calls are not attested, the gateway must not report them as
    international: they cannot be distinguished from forged ones.
    """
    suspicious: Bools = ingress == _INTERNATIONAL
    if np.count_nonzero(suspicious):
        suspicious &= attestations != _ATTESTED
        here = domestic(callers, country_code) | service_code(callers)
        suspicious &= here | service_codes.after_bare_plus(callers)
    return suspicious


def _inside(bounds: Int64s, keys: Int64s) -> Bools:
    """Return a mask of keys in the half-open spans between alternating *bounds*."""
    passed = bounds.searchsorted(keys, side="right")
    inside: Bools = (passed & 1).astype(np.bool_)
    return inside


@cache
def _impossible() -> Int64s:
    """Return the bounds of the gaps between the spans of possible numbers."""
    bounds = [1]
    for low, after in possible_numbers.spans():
        bounds += [low, after]
    return np.array([*bounds, FIRST_SENDER], np.int64)


@cache
def _of_country(country_code: str) -> Int64s:
    code = int(country_code)
    spans = [(code * 10**digits, (code + 1) * 10**digits) for digits in range(1, 19)]
    return np.array(
        [bound for low, after in spans if after <= FIRST_SENDER for bound in (low, after)], np.int64
    )


@cache
def _origins(country_code: str) -> tuple[Int64s, Int64s]:
    """Return bounds, and the origin of the spans before, between and after them."""
    home = _of_country(country_code)
    kinds = np.full(len(home) + 3, FOREIGN)
    kinds[2::2] = HOME
    kinds[[0, -1]] = NO_NUMBER
    return np.concatenate(([1], home, [FIRST_SENDER])), kinds
