"""Parses names, roles, regions, sources and carriers from token claims and the identities file."""

import re
from collections.abc import Mapping
from typing import Any

from blocklists.entries import Source
from fanzha.errors import InvalidConfiguration
from infra.text_limits import violation
from services.auth.identity import NAME, Role

_REGION = re.compile(r"[0-9]{2,12}")
_CARRIER = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
NO_CARRIER = "default"
"""Names the policy of requests without a carrier, so that no carrier has this name."""


def name(value: Any) -> str:
    """Parse a name within `NAME`; raise `ValueError` for any other value."""
    if not isinstance(value, str) or not value or value != value.strip():
        raise InvalidConfiguration(
            "name: must be a text without surrounding white space, and not empty"
        )
    if found := violation(value, NAME):
        raise InvalidConfiguration("name: {found}", found=found)
    return value


def roles(value: Any, *, strict: bool) -> frozenset[Role]:
    """Parse roles; unless *strict*, unknown ones are ignored.

    An issuer may serve other systems, too; an unknown role grants nothing.
    """
    known = {role.value for role in Role}
    listed = _word_list(value, "roles")
    if strict and (wrong := [one for one in listed if one not in known]):
        raise InvalidConfiguration(
            "roles: {wrong!r} is not one of {known}", wrong=wrong[0], known=", ".join(sorted(known))
        )
    return frozenset(Role(one) for one in listed if one in known)


def regions(value: Any) -> frozenset[str]:
    """Parse region codes (GB/T 2260: 33, 3301, 330106); None means all.

    An empty list is refused, since it would mean all. So is an invalid code, since ignoring it
    could widen the scope.
    """
    if value is None:
        return frozenset()
    listed = _word_list(value, "regions")
    if not listed or not all(_REGION.fullmatch(one) for one in listed):
        raise InvalidConfiguration("regions: must be codes such as 33 or 3301; omit for all")
    return frozenset(listed)


def sources(value: Any) -> frozenset[Source]:
    """Parse list sources by name; None means all. Empty lists and unknown names are refused."""
    if value is None:
        return frozenset()
    known: Mapping[str, Source] = {source.name.lower(): source for source in Source}
    listed = _word_list(value, "sources")
    if not listed or not all(one in known for one in listed):
        raise InvalidConfiguration(
            "sources: must be some of {known}; omit for all", known=", ".join(known)
        )
    return frozenset(known[one] for one in listed)


def carrier(value: Any) -> str:
    """Parse the short name of a carrier, such as ``cmcc``; None means none named."""
    if value is None:
        return ""
    if not isinstance(value, str) or not _CARRIER.fullmatch(value) or value == NO_CARRIER:
        raise InvalidConfiguration(
            "carrier: 1 to 32 of a-z, 0-9, _ and -, not {no_carrier}; omit for none",
            no_carrier=NO_CARRIER,
        )
    return value


def _word_list(value: Any, what: str) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise InvalidConfiguration("{what}: must be a list of strings", what=what)
    return value
