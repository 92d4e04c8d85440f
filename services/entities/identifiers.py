"""Reads what identifies an entity: hosts, numbers and senders as the lists write them."""

from collections.abc import Sequence

import numpy as np

from blocklists import patterns
from fanzha.errors import InvalidInput
from fanzha.phone import HomePlan
from infra import text_limits
from services.entities.model import (
    ENTRY_KINDS,
    LINE,
    MOST_IDENTIFIERS,
    EntityIdentifier,
    IdentifierKind,
)


def parse(given: Sequence[tuple[int, str]], home: HomePlan) -> tuple[EntityIdentifier, ...]:
    """Return kinds and values in canonical form, each once; `InvalidInput` for a wrong one."""
    if len(given) > MOST_IDENTIFIERS:
        raise InvalidInput(
            "identifiers: at most {most}, not {count}", most=MOST_IDENTIFIERS, count=len(given)
        )
    found = []
    for place, (number, text) in enumerate(given):
        field = f"identifiers[{place}]"
        if number not in set(IdentifierKind):
            raise InvalidInput("{field}: unknown kind {number}", field=field, number=number)
        kind = IdentifierKind(number)
        value = text_limits.required(field, text, LINE)
        found.append(EntityIdentifier(kind, _canonical(kind, value, field, home)))
    return tuple(sorted(set(found)))


def listable(identifiers: Sequence[EntityIdentifier]) -> list[EntityIdentifier]:
    """Return those that can be entries of the lists."""
    return [one for one in identifiers if one.kind in ENTRY_KINDS]


def _canonical(kind: IdentifierKind, value: str, field: str, home: HomePlan) -> str:
    entry_kind = ENTRY_KINDS.get(kind)
    if entry_kind is None:
        return value
    read = patterns.read([value], np.array([entry_kind], np.uint8), home)
    if read.errors:
        raise InvalidInput("{field}: {error}", field=field, error=read.errors[0])
    return read.text(0)
