"""The desk of incidents: opens them, joins what belongs to them, moves them through their stages.

Each change is audited before it is made, and fails when somebody else's came first. People of a
region see the incidents of that region.
"""

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fanzha.errors import InvalidInput, NotAllowed, NotFound, VersionConflict
from fanzha.fraud import FraudType
from fanzha.phone import masked
from infra import clock, text_limits
from services.audit.audited_actions import AuditedActions
from services.audit.events import AuditKind
from services.auth import identity, roles
from services.entities import responsible_units
from services.incidents.facts import PartSource
from services.incidents.model import (
    KEPT_EVENTS,
    MOST_PARTS,
    NOTE,
    TITLE,
    HandlingStage,
    Incident,
    IncidentEvent,
    IncidentEventKind,
    IncidentPart,
    PartKind,
)
from services.incidents.stages import StageTerms
from services.incidents.store import IncidentStore, LeadPackageStore

_HOUR_MS = 3_600_000
_NAMED = 5
"""Parts that an event names."""
_SHA256 = re.compile(r"[0-9a-f]{64}")
_REGION = re.compile(r"(?:[0-9]{2}){0,3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentDraft:
    """What is said of an incident."""

    title: str = ""
    fraud_type: int = 0
    region: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartDraft:
    """What is said of a part."""

    kind: int
    reference: str
    sha256: str = ""
    note: str = ""
    why: str = ""


class IncidentDesk:
    """Changes incidents, in the name of the current identity."""

    def __init__(
        self,
        *,
        store: IncidentStore,
        packages: LeadPackageStore,
        sources: Mapping[PartKind, PartSource],
        stages: Mapping[HandlingStage, StageTerms],
        trail: AuditedActions,
        now_ms: Callable[[], int],
    ) -> None:
        self.now_ms = now_ms
        self.sources = sources
        self._store = store
        self._packages = packages
        self._stages = stages
        self._trail = trail

    async def open(
        self, draft: IncidentDraft, parts: Sequence[PartDraft], by_field: str
    ) -> tuple[Incident, bool]:
        """Open an incident; return it, and False when the region has one of that title."""
        by, now = identity.author(by_field, "by"), self.now_ms()
        described = _described(draft)
        joined = [await self._part(one, by) for one in parts]
        first_stage = HandlingStage.MONITORING
        incident = Incident(
            incident_id=await self._store.next_id(),
            title=text_limits.required("title", draft.title, TITLE),
            region=_region(draft.region),
            **described,
            stage=first_stage,
            due_ms=now + self._stages[first_stage].hours * _HOUR_MS,
            owner=self._stages[first_stage].owner,
            parts=_without_doubles(joined),
            opened_at_ms=now,
            opened_by=by,
            moved_by=by,
            events=[IncidentEvent(at_ms=now, by=by, what=IncidentEventKind.OPENED)],
        )
        incident_id, first = await self._trail.around(
            AuditKind.INCIDENT_OPENED,
            incident.incident_id,
            by,
            {"title": incident.title, "region": incident.region, "parts": str(len(joined))},
            self._store.add(incident),
        )
        return await self.get(incident_id), first

    async def edit(self, incident_id: int, draft: IncidentDraft, by_field: str) -> Incident:
        """Replace kind of fraud and summary; title and region stay."""
        incident = await self.opened(incident_id)
        changed = replace(incident, **_described(draft))
        return await self.change(changed, IncidentEventKind.EDITED, by_field)

    async def get(self, incident_id: int) -> Incident:
        """Return an incident; `NotFound` when there is none in the caller's region."""
        incident = await self._store.get(incident_id)
        if not roles.may_access_region(identity.current(), incident.region):
            raise NotFound(
                "incident_id: there is no incident {incident_id}", incident_id=incident_id
            )
        return incident

    async def opened(self, incident_id: int) -> Incident:
        """Return an incident that is not closed; `InvalidInput` for one that is."""
        incident = await self.get(incident_id)
        if not incident.is_open:
            raise InvalidInput(
                "incident {incident_id} is closed; move it back first", incident_id=incident_id
            )
        return incident

    async def all(self) -> list[Incident]:
        """Return the incidents of the caller's region."""
        who = identity.current()
        return [one for one in await self._store.all() if roles.may_access_region(who, one.region)]

    async def add_parts(
        self, incident_id: int, parts: Sequence[PartDraft], by_field: str
    ) -> Incident:
        """Add parts; one that belongs to the incident already keeps its note."""
        incident, by = await self.opened(incident_id), identity.author(by_field, "by")
        if not parts:
            raise InvalidInput("parts: at least one")
        joined = [await self._part(one, by) for one in parts]
        all_parts = _without_doubles([*incident.parts, *joined])
        new = all_parts[len(incident.parts) :]
        if not new:
            return incident
        return await self.change(
            replace(incident, parts=all_parts),
            IncidentEventKind.JOINED,
            by_field,
            note=", ".join(map(_named, new[:_NAMED])) + (" …" if len(new) > _NAMED else ""),
            details=_recorded(new),
        )

    def find_part(self, incident: Incident, wanted: PartDraft) -> IncidentPart:
        """Return the part of that kind and reference; `NotFound` for none."""
        if wanted.kind not in set(PartKind):
            raise InvalidInput("kind: unknown number {number}", number=wanted.kind)
        reference = self.sources[PartKind(wanted.kind)].canonical(wanted.reference)
        for one in incident.parts:
            if (one.kind, one.reference) == (wanted.kind, reference):
                return one
        raise NotFound("part: no part of incident {incident_id}", incident_id=incident.incident_id)

    async def remove_part(
        self, incident_id: int, part_id: int, note: str, by_field: str
    ) -> Incident:
        """Remove a part; the audit log keeps that it was there, and why it is not."""
        incident = await self.opened(incident_id)
        note = text_limits.required("note", note, NOTE)
        left = [one for one in incident.parts if one.part_id != part_id]
        gone = [one for one in incident.parts if one.part_id == part_id]
        if not gone:
            raise NotFound("part: no part of incident {incident_id}", incident_id=incident_id)
        return await self.change(
            replace(incident, parts=tuple(left)),
            IncidentEventKind.PARTED,
            by_field,
            note=f"{_named(gone[0])}: {note}",
            details=_recorded(gone) | {"why": note},
        )

    async def assign(self, incident_id: int, owner: str, due_ms: int, by_field: str) -> Incident:
        """Set the unit that owns the stage, and its deadline."""
        incident = await self.opened(incident_id)
        clock.deadline("due_ms", due_ms)
        owner = responsible_units.code_of(text_limits.optional("owner", owner, TITLE))
        return await self.change(
            replace(incident, owner=owner, due_ms=due_ms),
            IncidentEventKind.ASSIGNED,
            by_field,
            note=owner,
            details={"owner": owner, "due_ms": str(due_ms)},
        )

    async def move(
        self, incident_id: int, revision: int, stage: int, note: str, by_field: str
    ) -> Incident:
        """Move an incident on to its next stage, or back to any; a closed one is open again."""
        incident, by = await self.read_at(incident_id, revision), identity.author(by_field, "by")
        to = _next(incident, stage)
        note, terms = text_limits.required("note", note, NOTE), self._stages[to]
        moved = replace(
            incident,
            stage=to,
            owner=terms.owner,
            due_ms=self.now_ms() + terms.hours * _HOUR_MS,
            moved_by=by,
            closed_at_ms=0,
        )
        return await self.change(
            moved,
            IncidentEventKind.MOVED,
            by_field,
            note=note,
            stage=to,
            details={"stage": to.name.lower(), "note": note},
        )

    async def close(self, incident_id: int, revision: int, note: str, by_field: str) -> Incident:
        """Close a tracked incident without open leads; takes another person than its mover."""
        incident, by = await self.read_at(incident_id, revision), identity.author(by_field, "by")
        if incident.stage is not HandlingStage.TRACKING:
            raise InvalidInput("stage: an incident is closed from tracking")
        if waiting := [str(one.lead_id) for one in incident.leads if one.is_open]:
            raise InvalidInput("leads wait for an answer: {leads}", leads=", ".join(waiting))
        if identity.same_person(by, [incident.moved_by]):
            raise NotAllowed(
                "incident {incident_id}: {by} has moved it here; another person closes it",
                incident_id=incident_id,
                by=by,
            )
        note = text_limits.required("note", note, NOTE)
        closed = replace(
            incident, stage=HandlingStage.CLOSED, owner="", due_ms=0, closed_at_ms=self.now_ms()
        )
        done = await self.change(closed, IncidentEventKind.CLOSED, by_field, note=note)
        await self._packages.drop(incident_id, [one.lead_id for one in incident.leads])
        return done

    async def read_at(self, incident_id: int, revision: int) -> Incident:
        """Return an incident as somebody looked at it; `VersionConflict` for a newer one."""
        incident = await self.get(incident_id)
        if revision != incident.revision:
            raise VersionConflict(
                "incident {incident_id} was changed concurrently; read it again",
                incident_id=incident_id,
            )
        return incident

    async def change(
        self,
        changed: Incident,
        what: IncidentEventKind,
        by_field: str,
        *,
        note: str = "",
        stage: HandlingStage | None = None,
        details: Mapping[str, str] | None = None,
    ) -> Incident:
        """Store a changed incident, with an event and a record in the audit log."""
        by = identity.author(by_field, "by")
        event = IncidentEvent(at_ms=self.now_ms(), by=by, what=what, note=note, stage=stage)
        incident = replace(changed, events=(*changed.events, event)[-KEPT_EVENTS:])
        return await self._trail.around(
            AuditKind.INCIDENT_CHANGED,
            incident.incident_id,
            by,
            {"what": what.value} | dict(details or {}),
            self._store.put(incident),
        )

    async def _part(self, draft: PartDraft, by: str) -> IncidentPart:
        if draft.kind not in set(PartKind):
            raise InvalidInput("kind: unknown number {number}", number=draft.kind)
        source, sha256 = self.sources[PartKind(draft.kind)], draft.sha256.lower()
        if sha256 and not _SHA256.fullmatch(sha256):
            raise InvalidInput("sha256: 64 hexadecimal digits")
        reference = source.canonical(draft.reference)
        await source.rows(reference)  # fails for what there is not
        return IncidentPart(
            kind=source.kind,
            reference=reference,
            sha256=sha256,
            note=text_limits.optional("note", draft.note, NOTE),
            why=draft.why,
            joined_by=by,
            joined_at_ms=self.now_ms(),
        )


def _described(draft: IncidentDraft) -> dict[str, Any]:
    if draft.fraud_type not in set(FraudType):
        raise InvalidInput("fraud_type: unknown number {number}", number=draft.fraud_type)
    return {
        "fraud_type": draft.fraud_type,
        "summary": text_limits.optional("summary", draft.summary, NOTE),
    }


def _region(code: str) -> str:
    if not _REGION.fullmatch(code):
        raise InvalidInput("region: two, four or six digits, such as 3301, or empty")
    roles.check_region(identity.current(), code)
    return code


def _next(incident: Incident, stage: int) -> HandlingStage:
    """Return the stage to move to; `InvalidInput` for one that cannot follow."""
    if stage not in set(HandlingStage) - {HandlingStage.CLOSED}:
        raise InvalidInput("stage: unknown number {number}", number=stage)
    to = HandlingStage(stage)
    if to is incident.stage or to > incident.stage + 1:
        raise InvalidInput(
            "stage: {stage} is followed by the next one; back, any is allowed",
            stage=incident.stage.name.lower(),
        )
    if to > incident.stage and not incident.parts:
        raise InvalidInput("stage: nothing belongs to the incident yet; join something first")
    return to


def _without_doubles(parts: Sequence[IncidentPart]) -> tuple[IncidentPart, ...]:
    first: dict[tuple[PartKind, str], IncidentPart] = {}
    for one in parts:
        first.setdefault((one.kind, one.reference), one)
    if len(first) > MOST_PARTS:
        raise InvalidInput("parts: at most {most}, not {count}", most=MOST_PARTS, count=len(first))
    last = max((one.part_id for one in first.values()), default=0)
    new = itertools.count(last + 1)
    return tuple(one if one.part_id else replace(one, part_id=next(new)) for one in first.values())


def _named(part: IncidentPart) -> str:
    return f"{part.kind.name.lower()} {shown_reference(part)}"


def shown_reference(part: IncidentPart) -> str:
    """Return the reference of a part as logs and lists may show it."""
    if part.kind is PartKind.SUBJECT and part.reference.lstrip("+").isdecimal():
        return masked(part.reference)
    return part.reference


def _recorded(parts: Sequence[IncidentPart]) -> dict[str, str]:
    """Return what the audit log says of parts: it fixes the hashes of documents."""
    return {
        "parts": str(len(parts)),
        "named": ", ".join(_named(one) for one in parts[:20]),
        "sha256": ", ".join(one.sha256 for one in parts if one.sha256),
    }
