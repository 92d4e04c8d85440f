"""Where the parts of incidents are known: lists, decision log, cases, change requests, registry."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blocklists.entries import Entry, EntryKind
from blocklists.queries import ListQueries
from fanzha.decisions import MatchedOn
from fanzha.errors import InvalidInput, NotFound
from fanzha.phone import HomePlan
from infra import text_limits
from services.auth import identity
from services.changes.scope import region_checks
from services.changes.store import ChangeStore
from services.decision_log import conditions, hit_view
from services.decision_log.query import DecisionQuery
from services.entities.model import IdentifierKind
from services.entities.service import EntityRegistry
from services.evidence_package import subjects
from services.evidence_package.sections import format_time
from services.incidents.departments import DataClass
from services.incidents.facts import Fact, FactRow, PartSource
from services.incidents.model import TITLE, PartKind
from services.warning.cases.store import CaseStore
from services.warning.desk import scope
from services.warning.model import Means, MeansKind

_NUMBER = re.compile(r"[0-9]{1,20}")
_MOST_DECISIONS = 20
"""Newest decisions about one subject in a package."""
_MEANS = {MeansKind.LINK: DataClass.LINK, MeansKind.TEXT: None}
_IDENTIFIERS = {
    IdentifierKind.HOST: DataClass.LINK,
    IdentifierKind.NUMBER: DataClass.SUSPECT,
    IdentifierKind.SENDER: DataClass.SUSPECT,
}


def of_pattern(kind: EntryKind) -> DataClass | None:
    """Return what the pattern of an entry tells about somebody."""
    if kind in (EntryKind.HOST, EntryKind.URL_PREFIX):
        return DataClass.LINK
    return None if kind is EntryKind.FINGERPRINT else DataClass.SUSPECT


@dataclass(frozen=True, slots=True)
class SubjectSource:
    """Numbers, senders, hosts, URLs and fingerprints: their entries and decisions about them."""

    views: ListQueries
    logged: DecisionQuery | None
    home: HomePlan
    kind: PartKind = PartKind.SUBJECT

    def canonical(self, reference: str) -> str:
        """Return the pattern that an entry would have."""
        return subjects.read(reference, self.home).pattern

    async def rows(self, reference: str) -> Sequence[FactRow]:
        """Return the subject, its entries and the newest decisions about it."""
        subject = subjects.read(reference, self.home)
        tells = of_pattern(subject.kind)
        found = await self.views.find(subject.pattern)
        rows: list[FactRow] = [{"what": Fact("subject"), "subject": Fact(subject.pattern, tells)}]
        rows += [_entry(one) for one in found.entries]
        if self.logged is not None and self.logged.exists:
            wanted = conditions.conditions_for(
                subject.kind, subject.pattern, since_ms=0, limit=_MOST_DECISIONS
            )
            page = await asyncio.to_thread(self.logged.find, wanted)
            rows[0] = {**rows[0], "decisions": Fact(str(page.events))}
            rows += [_decision(row) for row in page.rows]
        return rows


@dataclass(frozen=True, slots=True)
class CaseSource:
    """Cases of people at risk."""

    cases: CaseStore
    kind: PartKind = PartKind.CASE

    def canonical(self, reference: str) -> str:
        """Return the id."""
        return text_limits.required("reference", reference, TITLE)

    async def rows(self, reference: str) -> Sequence[FactRow]:
        """Return the case and its means; of another region it is as good as not there."""
        case = await self.cases.get(reference)
        if not scope.reaches(identity.current(), case.region):
            raise NotFound("case: there is no {case_id!r}", case_id=reference)
        place = " ".join(filter(None, (case.region.province, case.region.city, case.region.county)))
        lost = "" if case.lost_fen is None else f"{case.lost_fen / 100:.2f}"
        row: dict[str, Fact] = {
            "what": Fact("case"),
            "case": Fact(case.id),
            "person": Fact(case.victim, DataClass.PERSON),
            "fraud_type": Fact(case.fraud_type.name.lower()),
            "tier": Fact(case.tier.name.lower() if case.tier else ""),
            "state": Fact(case.state.value),
            "occurred": Fact(format_time(case.occurred_at_ms)),
            "place": Fact(place, DataClass.PLACE),
            "lost_yuan": Fact(lost, DataClass.MONEY),
        }
        means = dict.fromkeys((*case.means, *case.lost_to))
        return [row, *(_means(case.id, one) for one in means)]


@dataclass(frozen=True, slots=True)
class DecisionSource:
    """Logged decisions."""

    logged: DecisionQuery | None
    kind: PartKind = PartKind.DECISION

    def canonical(self, reference: str) -> str:
        """Return the number."""
        return _number(reference)

    async def rows(self, reference: str) -> Sequence[FactRow]:
        """Return the decision; `NotFound` when it is not logged or not kept any more."""
        found = None
        if self.logged is not None and self.logged.exists:
            found = await asyncio.to_thread(self.logged.why, int(reference))
        if found is None:
            raise NotFound("reference: decision {decision_id} is not logged", decision_id=reference)
        return [_decision(found)]


@dataclass(frozen=True, slots=True)
class ChangeSource:
    """Change requests of the lists."""

    changes: ChangeStore
    kind: PartKind = PartKind.CHANGE

    def canonical(self, reference: str) -> str:
        """Return the number."""
        return _number(reference.removeprefix("change:"))

    async def rows(self, reference: str) -> Sequence[FactRow]:
        """Return the request; of another region it is as good as not there."""
        record = region_checks.check_seen(await self.changes.get(int(reference)))
        return [
            {
                "what": Fact("change"),
                "change": Fact(reference),
                "state": Fact(record.state.name.lower()),
                "legal_basis": Fact(record.legal_basis),
                "applied": Fact(format_time(record.applied_ms)),
                "added": Fact(str(record.additions.rows)),
                "removed": Fact(str(record.removals.rows)),
            }
        ]


@dataclass(frozen=True, slots=True)
class EntitySource:
    """Companies, platforms and apps of the registry."""

    registry: EntityRegistry
    kind: PartKind = PartKind.ENTITY

    def canonical(self, reference: str) -> str:
        """Return the number."""
        return _number(reference)

    async def rows(self, reference: str) -> Sequence[FactRow]:
        """Return the entity and what identifies it."""
        entity = await self.registry.get(int(reference))
        row: dict[str, Fact] = {
            "what": Fact("entity"),
            "entity": Fact(entity.name, DataClass.COMPANY),
            "kind": Fact(entity.kind.name.lower()),
            "cleanup": Fact(entity.cleanup),
            "state": Fact(entity.state.name.lower()),
            "place": Fact(entity.region, DataClass.PLACE),
        }
        identifiers: list[FactRow] = [
            {
                "what": Fact("identifier"),
                "entity": Fact(entity.name, DataClass.COMPANY),
                "kind": Fact(one.kind.name.lower()),
                "identifier": Fact(one.value, _IDENTIFIERS.get(one.kind, DataClass.COMPANY)),
            }
            for one in entity.identifiers
        ]
        return [row, *identifiers]


@dataclass(frozen=True, slots=True)
class DocumentSource:
    """Documents, which stay with the unit that joins them: only name and hash are recorded."""

    kind: PartKind = PartKind.DOCUMENT

    def canonical(self, reference: str) -> str:
        """Return the name."""
        return text_limits.required("reference", reference, TITLE)

    async def rows(self, reference: str) -> Sequence[FactRow]:
        """Return the name."""
        return [{"what": Fact("document"), "document": Fact(reference)}]


def by_kind(*sources: PartSource) -> Mapping[PartKind, PartSource]:
    """Return the source of each kind, with that of documents."""
    return {one.kind: one for one in (*sources, DocumentSource())}


def _number(reference: str) -> str:
    text = reference.strip()
    if not _NUMBER.fullmatch(text):
        raise InvalidInput("reference: a number")
    return str(int(text))


def _entry(entry: Entry) -> FactRow:
    return {
        "what": Fact("entry"),
        "pattern": Fact(entry.pattern, of_pattern(entry.kind)),
        "action": Fact(entry.action.name.lower()),
        "source": Fact(entry.source.name.lower()),
        "legal_basis": Fact(entry.legal_basis),
        "fraud_type": Fact(entry.fraud_type.name.lower()),
        "expires": Fact(f"{entry.expires_at:%Y-%m-%d}" if entry.ends else ""),
    }


def _decision(row: Mapping[str, Any]) -> FactRow:
    hit = hit_view.hit(row)
    # A number that is listed as one to call back is on the other side.
    suspect_is_called = hit.matched_on in (MatchedOn.CALLEE, MatchedOn.RECEIVER)
    caller, called = DataClass.SUSPECT, DataClass.PERSON
    if suspect_is_called:
        caller, called = called, caller
    return {
        "what": Fact("decision"),
        "decision": Fact(str(hit.decision_id)),
        "channel": Fact(hit.channel.name.lower()),
        "from": Fact(hit.from_party, caller),
        "to": Fact(hit.to_party, called),
        "url": Fact(hit.url, DataClass.LINK),
        "action": Fact(str(row["action"]).lower()),
        "reason": Fact(str(row["reason"]).lower()),
        "decided": Fact(format_time(hit.decided_at_ms)),
    }


def _means(case_id: str, one: Means) -> FactRow:
    return {
        "what": Fact("means"),
        "case": Fact(case_id),
        "kind": Fact(one.kind.value),
        "means": Fact(one.value, _MEANS.get(one.kind, DataClass.SUSPECT)),
    }
