"""The details that only some rows have: the deciding entry, the fraud type, an error."""

from dataclasses import replace
from typing import Any

import numpy as np

from blocklists.entries import entry_id
from blocklists.snapshot.snapshot import Snapshot
from classifiers.text.link_evidence import ScoredLink
from fanzha.decisions import Action, Detail, MatchedOn, Reason, Relation
from fanzha.fraud import FraudType
from fanzha.tables import Bools, Calls, Int64s, Uint8s
from services.decision.evidence import BatchEvidence
from services.decision.related.stage import RelatedMatch
from services.decision.rules import Ruling

KNOWN_ENTRIES = 16_384
"""Details of at most this many entries are kept: a listed caller calls again."""
KNOWN_LINKS = 4096
"""Likewise, of links in texts."""
KNOWN_RELATIONS = 16_384
"""Likewise, of pairs of a detail and a suspect."""

# Members of an enum cost a microsecond each time they are named; these do not.
_BLOCK = np.uint8(Action.BLOCK)
_BY_LIST: Bools = np.zeros(256, np.bool_)
_BY_LIST[[Reason.BLOCKLISTED, Reason.ALLOWLISTED]] = True
_SENDER_HISTORY = np.uint8(Reason.SENDER_HISTORY)
_SCORED, _LINK_SCORED = np.uint8(Reason.SCORED), np.uint8(Reason.LINK_SCORED)
_NOTHING = Detail()
_OF_TYPE = {int(one): Detail(fraud_type=one) for one in FraudType}


class EntryDetails:
    """Details of the entries of one snapshot, made once each. One thread only."""

    def __init__(self, most: int = KNOWN_ENTRIES) -> None:
        self._most = most
        self._snapshot: Snapshot | None = None
        self._known: dict[tuple[int, int, int], Detail] = {}

    def __len__(self) -> int:
        return len(self._known)

    def of(self, snapshot: Snapshot, row: int, action: int, matched_on: int) -> Detail:
        """Return the detail of the entry in *row* of *snapshot*, whose action is *action*."""
        if snapshot is not self._snapshot or len(self._known) >= self._most:
            self._snapshot, self._known = snapshot, {}
        key = row, action, matched_on
        detail = self._known.get(key)
        if detail is None:
            entry = snapshot.identity_of(row)
            detail = self._known[key] = Detail(
                entry_id=entry_id(entry.kind, entry.pattern, Action(action)),
                pattern=entry.pattern,
                matched_on=MatchedOn(matched_on),
                fraud_type=entry.fraud_type,
                source=entry.source,
                legal_basis=entry.legal_basis,
                campaign=entry.campaign,
            )
        return detail


class LinkDetails:
    """Details of scored links in texts, made once each: a campaign repeats its link. One thread."""

    def __init__(self, most: int = KNOWN_LINKS) -> None:
        self._most = most
        self._known: dict[ScoredLink, Detail] = {}

    def __len__(self) -> int:
        return len(self._known)

    def of(self, link: ScoredLink) -> Detail:
        """Return the detail of a text about which only this link is known."""
        detail = self._known.get(link)
        if detail is None:
            if len(self._known) >= self._most:
                self._known.clear()
            detail = self._known[link] = Detail(link_score=link.score, link=link.url)
        return detail


class RelatedDetails:
    """Details with a relation added, made once each: a suspect calls again. One thread only."""

    def __init__(self, most: int = KNOWN_RELATIONS) -> None:
        self._most = most
        self._known: dict[tuple[int, int, int], tuple[Detail | None, RelatedMatch, Detail]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def of(self, detail: Detail | None, match: RelatedMatch) -> Detail:
        """Return *detail*, None for one that says nothing, with the relation of *match*."""
        # Objects by their place in memory: those that are kept keep theirs.
        key = id(detail), id(match.suspect), int(match.matched_on)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= self._most:
                self._known.clear()
            relation = Relation(
                entity=match.suspect.entity,
                matched_on=match.matched_on,
                related_to=match.suspect.related_to,
                since_ms=match.suspect.since_ms,
            )
            made = replace(_NOTHING if detail is None else detail, relation=relation)
            known = self._known[key] = detail, match, made
        return known[2]


class KnownDetails:
    """What one pipeline keeps of details."""

    def __init__(self) -> None:
        self.entries = EntryDetails()
        self.links = LinkDetails()
        self.relations = RelatedDetails()


def by_list(ruling: Ruling) -> Int64s:
    """Return the rows that a list entry decided."""
    return _BY_LIST.take(ruling.reasons).nonzero()[0]


def of_rows(
    evidence: BatchEvidence,
    ruling: Ruling,
    decided: Int64s,
    known: KnownDetails,
) -> dict[int, Detail]:
    """Collect the details; *decided* are the rows that a list entry decided."""
    details = _of_entries(evidence, decided, known.entries) if len(decided) else {}
    # Row by row, as few rows have any of these.
    if evidence.fraud_types is not None:
        _add_fraud_types(details, evidence.fraud_types, ruling)
    _add_links(evidence, known.links, details)
    if evidence.velocity is not None:
        for row, score, inputs in evidence.velocity.reached_inputs():
            _add(details, row, velocity_score=score, velocity_inputs=inputs)
    _add_sender_histories(evidence, ruling, details)
    table = evidence.table
    if not isinstance(table, Calls):
        for row, count in table.read_bytes.items():
            _add(details, row, read_bytes=count, truncated=True)
    _add_relations(evidence, known.relations, details)
    for row, error in table.errors.items():
        details[row] = Detail(error=error)
    return details


def _add_links(evidence: BatchEvidence, known: LinkDetails, details: dict[int, Detail]) -> None:
    """Add the scored links of texts, and what gateways told of the hosts of links."""
    for row, link in evidence.scored_links.items():
        if row in details:
            _add(details, row, link_score=link.score, link=link.url)
        else:
            details[row] = known.of(link)
    if evidence.facts_weighed is not None:
        for row, told in evidence.facts_weighed.told():
            _add(details, row, host_facts=told)


def _add_sender_histories(
    evidence: BatchEvidence, ruling: Ruling, details: dict[int, Detail]
) -> None:
    if evidence.senders is None:
        return
    for row, history in evidence.senders.histories.items():
        if ruling.reasons[row] == _SENDER_HISTORY:
            _add(details, row, sender_history=history)


def _add_relations(
    evidence: BatchEvidence, known: RelatedDetails, details: dict[int, Detail]
) -> None:
    if evidence.related is None:
        return
    for row, match in evidence.related.matches.items():
        details[row] = known.of(details.get(row), match)


def _of_entries(
    evidence: BatchEvidence, decided: Int64s, entries: EntryDetails
) -> dict[int, Detail]:
    listed = evidence.listed
    matches = zip(
        decided.tolist(),
        listed.rows[decided].tolist(),
        listed.actions[decided].tolist(),
        listed.matched_on[decided].tolist(),
        strict=True,
    )
    return {
        row: entries.of(evidence.snapshot, entry, action, matched_on)
        for row, entry, action, matched_on in matches
    }


def _add_fraud_types(details: dict[int, Detail], fraud_types: Uint8s, ruling: Ruling) -> None:
    by_score = (ruling.reasons == _SCORED) | (ruling.reasons == _LINK_SCORED)
    scored_out = (ruling.actions == _BLOCK) & by_score
    rows = (scored_out & (fraud_types > 0)).nonzero()[0]
    for row, fraud_type in zip(rows.tolist(), fraud_types[rows].tolist(), strict=True):
        details[row] = _OF_TYPE[fraud_type]


def _add(details: dict[int, Detail], row: int, **values: Any) -> None:
    known = details.get(row)
    details[row] = Detail(**values) if known is None else replace(known, **values)
