"""Which entities a recorded hit confirms, and by what.

=========================  =====================================================================
hit                        confirmed
=========================  =====================================================================
a person confirmed it      the link; else the number in it that is suspected; else the caller or
                           sender by number; and besides, the words of a text
an entry blocked it        what the entry names: the exact number, the whole registrable domain, or
                           the words
=========================  =====================================================================

A sender's name is never confirmed: anybody can write it. A text that an entry blocks for a link or
number is not confirmed either: the graph suspects its words, because they are seen with those.
"""

from collections.abc import Mapping

from fanzha.decisions import MatchedOn, Reason
from services.decision.related.entities import (
    LINK,
    NAME,
    host_of,
    is_party,
    link_entity,
    text_entity,
)
from services.decision.sinks.hit_fields import HitField

_BY_NUMBER = frozenset({MatchedOn.CALLER.name, MatchedOn.SENDER.name, MatchedOn.CALLBACK.name})


def by_person(hit: Mapping[str, str]) -> str:
    """Return the link or party that a person's verdict on a hit is about; empty for none."""
    related = hit.get(HitField.RELATED, "")
    if related.startswith(LINK):
        return related
    link = link_entity(hit.get(HitField.URL, ""))
    if link:
        return link
    if related and is_party(related) and not related.startswith(NAME):
        return related
    party = hit.get(HitField.FROM_PARTY, "")
    return party if party.startswith("+") else ""


def words(hit: Mapping[str, str]) -> str:
    """Return the entity of the words of a text; empty for a call, a link, and a short text."""
    return text_entity(hit.get(HitField.FINGERPRINT, ""))


def by_entry(hit: Mapping[str, str]) -> str:
    """Return the entity that the entry which blocked a hit is about; empty for none."""
    if hit.get(HitField.REASON) != Reason.BLOCKLISTED.name:
        return ""
    evidence, pattern = hit.get(HitField.EVIDENCE, ""), hit.get(HitField.PATTERN, "")
    if evidence in _BY_NUMBER and pattern.startswith("+") and not pattern.endswith("*"):
        return pattern
    if evidence == MatchedOn.TEXT.name:
        return text_entity(pattern)
    if evidence == MatchedOn.LINK.name and "/" not in pattern:
        entity = link_entity(f"http://{pattern}/")
        # An entry for a subdomain says nothing of the rest of the domain.
        return entity if host_of(entity) == pattern.removeprefix("www.") else ""
    return ""


def causes(hit: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the entities that a confirmed hit confirms, each with the cause."""
    if hit.get("verdict") == "confirmed":
        return [(entity, _verdict_on(hit)) for entity in _by_person(hit)]
    entity = by_entry(hit)
    return [(entity, f"entry:{hit[HitField.ENTRY_ID]}")] if entity else []


def _by_person(hit: Mapping[str, str]) -> list[str]:
    """Return all entities that a person's verdict on a hit is about."""
    return [one for one in (by_person(hit), words(hit)) if one]


def _verdict_on(hit: Mapping[str, str]) -> str:
    return f"decision:{hit[HitField.DECISION_ID]}"


def withdrawn(hit: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the entities that a dismissed hit had confirmed, each with the cause."""
    found = [(entity, _verdict_on(hit)) for entity in _by_person(hit)]
    if (entity := by_entry(hit)) and HitField.ENTRY_ID in hit:
        found.append((entity, f"entry:{hit[HitField.ENTRY_ID]}"))
    return found


def cleared(hit: Mapping[str, str]) -> list[str]:
    """Return the entities that a dismissed hit clears of suspicion."""
    party = hit.get(HitField.FROM_PARTY, "")
    found = {
        *_by_person(hit),
        hit.get(HitField.RELATED, ""),
        link_entity(hit.get(HitField.URL, "")),
        party if party.startswith("+") else "",
    }
    return sorted(found - {""})
