"""Regional scope: an identity has access to cases of its regions and all regions in them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from services.auth import roles
from services.auth.identity import Identity
from services.warning import keys
from services.warning.model import Region
from services.warning.policy.places import places

_LEVELS = (2, 4, 6)
"""Digits of a province, a city and a county."""


def reaches(identity: Identity, region: Region) -> bool:
    """Whether *region* is in the scope of *identity*; no region: only in the scope of all."""
    who = _plain(identity)
    codes = (region.county, region.city, region.province)
    return not who.regions or any(roles.may_access_region(who, code) for code in codes if code)


def indexes(identity: Identity, requested: str = "") -> Sequence[str]:
    """Return the region indexes that cover the part of *requested* in the scope of *identity*.

    None contains another; the empty one has all cases. Raises `NotAllowed` if nothing is in scope.
    """
    code, who = keys.region_key(places().code(requested)), _plain(identity)
    if not who.regions:
        return (code,)
    mine = _outermost(_listed(one) for one in who.regions)
    if not code.isdecimal():  # no region, or a name, which may be ambiguous
        return mine
    if roles.may_access_region(who, code):
        return (code,)
    inside = [one for one in mine if one.startswith(code)]
    if not inside:
        roles.check_region(who, code)
    return inside


def is_in(region: Region, requested: str) -> bool:
    """Whether *region* is *requested* (a code or a name) or lies in it."""
    code = keys.region_key(places().code(requested))
    found = {keys.region_key(one) for one in (region.province, region.city, region.county)}
    return code in found


def _plain(identity: Identity) -> Identity:
    """Return *identity* with regions in the form of index keys: 340100 contains 340102."""
    return replace(identity, regions=frozenset(map(keys.region_key, identity.regions)))


def _listed(code: str) -> str:
    """Return the region with an index that contains *code*."""
    return next((code[:level] for level in reversed(_LEVELS) if len(code) >= level), code)


def _outermost(codes: Iterable[str]) -> Sequence[str]:
    found = sorted(set(codes))
    return [one for one in found if not any(one != at and one.startswith(at) for at in found)]
