"""Tells a region that no table knows, where nothing was found in it."""

from fanzha.translation.catalogue import gettext
from services.warning.policy.places import places

_CITY = 4
"""Digits of a code that say the city."""


def doubt(name: str) -> str:
    """Return a hint that a region may not exist; empty for a known one, or none.

    No table has the codes and names of counties.
    """
    code, names = places().code(name.strip()), places().names
    if not code or code.ljust(6, "0") in names or code[:_CITY].ljust(6, "0") in names:
        return ""
    return gettext(
        "no province or city is {name!r}: is it written as it should be? A county goes "
        "by its code, or by the name that cases have",
        name=name.strip(),
    )
