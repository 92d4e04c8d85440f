"""Parses the region of an assignment, and checks that the caller may assign to it."""

from fanzha.errors import InvalidInput, NotAllowed
from infra import text_limits
from infra.text_limits import CharacterSet, TextLimit
from services.auth.identity import Identity
from services.warning import keys
from services.warning.desk import scope
from services.warning.model import Region
from services.warning.policy.places import places

ASSIGNED = "assigned"
"""`Region.how` of an assigned region."""
_REGION = TextLimit(max_characters=60, characters=CharacterSet.PRINTABLE)
_PROVINCE, _CITY, _COUNTY = 2, 4, 6


def read(text: str, current: Region) -> Region:
    """Parse a code or a name; an unknown name is a county of the case's city."""
    text = text_limits.optional("region", text, _REGION)
    code = keys.region_key(places().code(text))
    if code.isdecimal():
        return _of_code(code)
    if not current.city:
        raise InvalidInput(
            "region: no province or city is called {text!r}, and of the case no city is known",
            text=text,
        )
    return Region(province=current.province, city=current.city, county=code, how=ASSIGNED)


def check(identity: Identity, current: Region, to: Region) -> None:
    """Raise `NotAllowed` unless *to* is in the caller's scope or contains the case's region.

    So a county may return a case to its city, and not pass it to another county.
    """
    upwards = keys.region_key(current.code).startswith(keys.region_key(to.code))
    if not upwards and not scope.reaches(identity, to):
        reach = ", ".join(sorted(identity.regions))
        raise NotAllowed(
            "region: {name} reaches {reach}, not {code}",
            name=identity.name,
            reach=reach,
            code=to.code,
        )


def _of_code(code: str) -> Region:
    province, city = f"{code[:_PROVINCE]}0000", f"{code[:_CITY]}00"
    if province not in places().names or len(code) not in (_PROVINCE, _CITY, _COUNTY):
        raise InvalidInput("region: there is none with the code {code}", code=code)
    if len(code) == _PROVINCE:
        return Region(province=province, how=ASSIGNED)
    if code in places().names or (len(code) == _COUNTY and city not in places().names):
        return Region(
            province=province, city=code, how=ASSIGNED
        )  # a county directly under its province
    county = code if len(code) == _COUNTY else ""
    if not county and city not in places().names:
        raise InvalidInput("region: there is no city with the code {city}", city=city)
    return Region(province=province, city=city, county=county, how=ASSIGNED)
