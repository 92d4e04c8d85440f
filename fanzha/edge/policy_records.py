"""Owner names of a response policy zone (RPZ): the same in exports and in zones that are served.

Strict, because one bad record makes a name server refuse the zone.

DNS looks for ``*`` only below the nearest name that exists. With ``bank.example`` and
``ok.deep.bank.example`` in a zone, ``deep.bank.example`` exists without records, and what is below
is no longer below ``*.bank.example``: it would get through. So the names between two of the list
are written, too, with what the upper one says.
"""

import re
from collections.abc import Callable

LONGEST_NAME = 253
_NAME = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
)


def is_record_name(host: str) -> bool:
    """Tell whether a canonical host name may stand in a zone; no address may."""
    return _NAME.fullmatch(host) is not None and len(host) <= LONGEST_NAME


def fits(host: str, zone: str) -> bool:
    """Tell whether a host may stand in *zone* with all names below it."""
    return _NAME.fullmatch(host) is not None and len(f"*.{host}.{zone}") <= LONGEST_NAME


def names_between(name: str, is_listed: Callable[[str], bool]) -> tuple[list[str], str]:
    """Return the names between a name and the nearest listed one above it, and that one.

    It is empty where none is.
    """
    between: list[str] = []
    above = name.partition(".")[2]
    while above and not is_listed(above):
        between.append(above)
        above = above.partition(".")[2]
    return between, above
