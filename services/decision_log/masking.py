"""Mask logged decisions: parties to their last digits, links to their hosts."""

from collections.abc import Mapping
from typing import Any

from fanzha.phone import masked
from services.decision.related.entities import is_party
from services.decision_log.query import party

_OF_ENTRY = ("source", "fraud_type", "would_block_entry_id")
"""Columns of the entry, or the shadow, besides its id and pattern."""
_PARTY_KINDS = frozenset("ns")
"""First letters of the ids of entries whose pattern is a number or sender."""


def shown(row: Mapping[str, Any], *, unmasked: bool) -> dict[str, Any]:
    """Return a row with its parties written out as ``from_party`` and ``to_party``.

    Without *unmasked*, these, related numbers, and the pattern of an entry about a number or sender
    are masked, and the link is left out.
    """
    written = dict(row) | {"from_party": party(row, "from"), "to_party": party(row, "to")}
    if unmasked:
        return written
    pattern = row.get("pattern") or ""
    return written | {
        "from_party": masked(written["from_party"]),
        "to_party": masked(written["to_party"]),
        "url": "",
        "related_entity": _masked_entity(row.get("related_entity") or ""),
        "related_to": _masked_entity(row.get("related_to") or ""),
        "pattern": masked(pattern) if names_party(row.get("entry_id") or "") else pattern,
    }


def without_entry(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row that does not tell by which entry it was decided."""
    return dict(row) | dict.fromkeys(("entry_id", "pattern"), "") | dict.fromkeys(_OF_ENTRY)


def _masked_entity(entity: str) -> str:
    return masked(entity) if is_party(entity) else entity


def names_party(entry_id: str) -> bool:
    """Return whether the pattern of an entry is a number or sender, by its id."""
    return entry_id[:1] in _PARTY_KINDS
