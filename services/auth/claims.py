"""Reads roles, regions and sources as tokens and the identities file write them."""

import re
from collections.abc import Mapping
from typing import Any

from blocklists.entries import Source
from services.auth.identity import Role

_REGION = re.compile(r"[0-9]{2,12}")
_LONGEST_NAME = 200


def name(said: Any) -> str:
    """Read a name that goes on record: 1 to 200 characters that can be seen.

    With others, one person could pass for two who look the same.
    """
    if not isinstance(said, str) or not said.isprintable() or said != said.strip():
        raise ValueError("a name without invisible characters is required")
    if not 0 < len(said) <= _LONGEST_NAME:
        raise ValueError(f"a name of 1 to {_LONGEST_NAME} characters is required")
    return said


def roles(said: Any, *, strict: bool) -> frozenset[Role]:
    """Read roles; unless *strict*, words that are no role of ours are passed over.

    An issuer may serve other systems, too; a role that is not known gives no right.
    """
    known = {role.value for role in Role}
    listed = _listed(said, "roles")
    if strict and (wrong := [one for one in listed if one not in known]):
        raise ValueError(f"roles: {wrong[0]!r} is none of {', '.join(sorted(known))}")
    return frozenset(Role(one) for one in listed if one in known)


def regions(said: Any) -> frozenset[str]:
    """Read region codes (GB/T 2260: 33, 3301, 330106); None: all.

    An empty list is refused: it would read as all where none was meant. So is a code that is
    none, for leaving it out would leave the others, or all.
    """
    if said is None:
        return frozenset()
    listed = _listed(said, "regions")
    if not listed or not all(_REGION.fullmatch(one) for one in listed):
        raise ValueError("regions: codes such as 33 or 3301 are expected; leave it out for all")
    return frozenset(listed)


def sources(said: Any) -> frozenset[Source]:
    """Read list sources by name; None: all. An empty list, or an unknown name, is refused."""
    if said is None:
        return frozenset()
    known: Mapping[str, Source] = {source.name.lower(): source for source in Source}
    listed = _listed(said, "sources")
    if not listed or not all(one in known for one in listed):
        raise ValueError(f"sources: some of {', '.join(known)} are expected; leave it out for all")
    return frozenset(known[one] for one in listed)


def _listed(said: Any, what: str) -> list[str]:
    if said is None:
        return []
    if not isinstance(said, list) or not all(isinstance(one, str) for one in said):
        raise ValueError(f"{what}: a list of words is expected")
    return said
