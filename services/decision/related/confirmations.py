"""Which entities a recorded hit confirms, and by what.

=========================  =====================================================================
hit                        confirmed
=========================  =====================================================================
a person confirmed it      the link; else the suspect in it; else the caller or sender by number
an entry blocked it        what the entry names: the exact number, or the whole registrable domain
=========================  =====================================================================

A sender's name is never confirmed: anybody can write it.
"""

from collections.abc import Mapping

from fanzha.decisions import MatchedOn, Reason
from services.decision.related.entities import LINK, NAME, host_of, link_entity
from services.decision.sinks.hit_fields import HitField

_BY_NUMBER = frozenset({MatchedOn.CALLER.name, MatchedOn.SENDER.name, MatchedOn.CALLBACK.name})


def by_person(hit: Mapping[str, str]) -> str:
    """Return the entity that a person's verdict on a hit is about; empty for none."""
    related = hit.get(HitField.RELATED, "")
    if related.startswith(LINK):
        return related
    link = link_entity(hit.get(HitField.URL, ""))
    if link:
        return link
    if related and not related.startswith(NAME):
        return related
    party = hit.get(HitField.FROM_PARTY, "")
    return party if party.startswith("+") else ""


def by_entry(hit: Mapping[str, str]) -> str:
    """Return the entity that the entry which blocked a hit is about; empty for none."""
    if hit.get(HitField.REASON) != Reason.BLOCKLISTED.name:
        return ""
    evidence, pattern = hit.get(HitField.EVIDENCE, ""), hit.get(HitField.PATTERN, "")
    if evidence in _BY_NUMBER and pattern.startswith("+") and not pattern.endswith("*"):
        return pattern
    if evidence == MatchedOn.LINK.name and "/" not in pattern:
        entity = link_entity(f"http://{pattern}/")
        # An entry for a subdomain says nothing of the rest of the domain.
        return entity if host_of(entity) == pattern.removeprefix("www.") else ""
    return ""


def causes(hit: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the entities that a confirmed hit confirms, each with the cause."""
    if hit.get("verdict") == "confirmed":
        entity = by_person(hit)
        return [(entity, f"decision:{hit[HitField.DECISION_ID]}")] if entity else []
    entity = by_entry(hit)
    return [(entity, f"entry:{hit[HitField.ENTRY_ID]}")] if entity else []


def withdrawn(hit: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the entities that a dismissed hit had confirmed, each with the cause."""
    found = []
    if entity := by_person(hit):
        found.append((entity, f"decision:{hit[HitField.DECISION_ID]}"))
    if (entity := by_entry(hit)) and HitField.ENTRY_ID in hit:
        found.append((entity, f"entry:{hit[HitField.ENTRY_ID]}"))
    return found


def cleared(hit: Mapping[str, str]) -> list[str]:
    """Return the entities that a dismissed hit clears of suspicion."""
    party = hit.get(HitField.FROM_PARTY, "")
    found = {
        by_person(hit),
        hit.get(HitField.RELATED, ""),
        link_entity(hit.get(HitField.URL, "")),
        party if party.startswith("+") else "",
    }
    return sorted(found - {""})
