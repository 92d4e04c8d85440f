"""Which cases somebody reaches: those of their regions, and of what lies in these."""

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
    """Tell whether a case of *region* is for *identity*; of no region: for who reaches all."""
    who = _plain(identity)
    codes = (region.county, region.city, region.province)
    return not who.regions or any(roles.may_access_region(who, code) for code in codes if code)


def indexes(identity: Identity, asked: str = "") -> Sequence[str]:
    """Return the regions whose lists have all that *identity* reaches of *asked*.

    None lies in another; the empty one has all cases. `NotAllowed` where it reaches none of it.
    """
    code, who = keys.region_key(places().code(asked)), _plain(identity)
    if not who.regions:
        return (code,)
    mine = _outermost(_listed(one) for one in who.regions)
    if not code.isdecimal():  # nothing asked, or a name, which may be that of several places
        return mine
    if roles.may_access_region(who, code):
        return (code,)
    inside = [one for one in mine if one.startswith(code)]
    if not inside:
        roles.check_region(who, code)
    return inside


def is_in(region: Region, asked: str) -> bool:
    """Tell whether *region* is *asked*, a code or a name, or lies in it."""
    code = keys.region_key(places().code(asked))
    found = {keys.region_key(one) for one in (region.province, region.city, region.county)}
    return code in found


def _plain(identity: Identity) -> Identity:
    """Write regions as indexes have them: who reaches 340100 reaches 340102."""
    return replace(identity, regions=frozenset(map(keys.region_key, identity.regions)))


def _listed(code: str) -> str:
    """Return the region with a list of its own that holds *code*."""
    return next((code[:level] for level in reversed(_LEVELS) if len(code) >= level), code)


def _outermost(codes: Iterable[str]) -> Sequence[str]:
    found = sorted(set(codes))
    return [one for one in found if not any(one != at and one.startswith(at) for at in found)]
