"""Leads: drafted by one person, sent by another, received and answered by a department.

A package is made when a lead is sent, and kept as it was; its hash is in the audit log. What comes
back is recorded with the department's own number of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from fanzha.errors import InvalidInput, NotAllowed, NotFound
from infra import text_limits
from services.audit.events import Audit, AuditKind
from services.audit.keys import SigningKey
from services.auth import identity
from services.incidents import departments, lead_package
from services.incidents.departments import Department
from services.incidents.facts import Fact, FactRow
from services.incidents.lead_package import LeadPackage
from services.incidents.model import (
    LINE,
    MOST_LEADS,
    NOTE,
    Incident,
    IncidentEventKind,
    Lead,
    LeadOutcome,
    LeadState,
    PartKind,
)
from services.incidents.service import IncidentDesk
from services.incidents.store import LeadPackageStore

_DAY_MS = 86_400_000
MOST_PACKAGE_BYTES = 3_000_000
"""Of a package; more does not fit into an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadDraft:
    """What is to be handed over."""

    department: str
    purpose: str
    legal_basis: str = ""
    part_ids: Sequence[int] = ()
    """None: all parts of the incident."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadAnswer:
    """What a department answered."""

    outcome: int
    document: str
    note: str = ""


class LeadDesk:
    """Hands leads over, in the name of the current identity."""

    def __init__(
        self,
        desk: IncidentDesk,
        *,
        packages: LeadPackageStore,
        departments: Mapping[str, Department],
        audit: Audit,
        key: SigningKey,
    ) -> None:
        self.departments = departments
        self._desk = desk
        self._packages = packages
        self._audit = audit
        self._key = key

    async def draft(self, incident_id: int, draft: LeadDraft, by_field: str) -> Incident:
        """Draft a lead; nothing leaves before another person sends it."""
        incident = await self._desk.opened(incident_id)
        if len(incident.leads) >= MOST_LEADS:
            raise InvalidInput("leads: at most {most}", most=MOST_LEADS)
        department = departments.find(self.departments, draft.department)
        lead = Lead(
            lead_id=max((one.lead_id for one in incident.leads), default=0) + 1,
            department=department.name,
            purpose=text_limits.required("purpose", draft.purpose, LINE),
            legal_basis=text_limits.optional("legal_basis", draft.legal_basis, LINE)
            or department.legal_basis,
            parts=_selected(incident, draft.part_ids),
            drafted_by=identity.author(by_field, "by"),
            drafted_at_ms=self._desk.now_ms(),
        )
        return await self._changed(incident, lead, IncidentEventKind.LEAD_DRAFTED, by_field)

    async def send(self, incident_id: int, lead_id: int, revision: int, by_field: str) -> Incident:
        """Make the package of a lead; takes another person than the one who drafted it."""
        await self._desk.opened(incident_id)
        incident = await self._desk.read_at(incident_id, revision)
        by = identity.author(by_field, "by")
        lead = _expected(incident, lead_id, LeadState.DRAFTED)
        if identity.same_person(by, [lead.drafted_by]):
            raise NotAllowed(
                "lead {lead_id}: {by} has drafted it; another person sends it",
                lead_id=lead_id,
                by=by,
            )
        now = self._desk.now_ms()
        department = departments.find(self.departments, lead.department)
        due_ms = now + department.days * _DAY_MS
        sent = replace(lead, state=LeadState.SENT, sent_by=by, sent_at_ms=now, due_ms=due_ms)
        package = await self._packed(incident, sent, department)
        digest, size = sha256(package.data).hexdigest(), len(package.data)
        # Before the lead says that it is there: a package without lead is never shown.
        await self._packages.put(incident_id, lead_id, package.data)
        return await self._changed(
            incident,
            replace(sent, package_sha256=digest, package_bytes=size),
            IncidentEventKind.LEAD_SENT,
            by_field,
            details={
                "package_sha256": digest,
                "rows": str(package.rows),
                "masked": str(package.masked),
                "left_out": str(package.left_out),
            },
        )

    async def _packed(self, incident: Incident, lead: Lead, department: Department) -> LeadPackage:
        why = {(one.kind, one.reference): one.why for one in incident.parts if one.why}
        rows = [
            {**row, "why": Fact(why[part])} if part in why else row
            for part in lead.parts
            for row in await self._rows(*part)
        ]
        package = lead_package.make(incident, lead, department, rows, key=self._key)
        if len(package.data) > MOST_PACKAGE_BYTES:
            raise InvalidInput(
                "lead {lead_id}: its package has {bytes} bytes, {most} are allowed; name fewer "
                "parts",
                lead_id=lead.lead_id,
                bytes=len(package.data),
                most=MOST_PACKAGE_BYTES,
            )
        return package

    async def _rows(self, kind: PartKind, reference: str) -> Sequence[FactRow]:
        return await self._desk.sources[kind].rows(reference)

    async def package(self, incident_id: int, lead_id: int) -> tuple[Lead, bytes]:
        """Return the package of a lead as it was sent; each time audited."""
        incident = await self._desk.get(incident_id)
        lead = _lead(incident, lead_id)
        await self._audit.record(
            AuditKind.EXPORTED,
            subject=f"incident:{incident_id}",
            details={"what": "lead", "lead": str(lead_id), "department": lead.department},
        )
        data = await self._packages.get(incident_id, lead_id)
        if sha256(data).hexdigest() != lead.package_sha256:
            raise InvalidInput(
                "lead {lead_id}: the package that is kept is not the one that was sent",
                lead_id=lead_id,
            )
        return lead, data

    async def receive(
        self, incident_id: int, lead_id: int, receipt: str, by_field: str
    ) -> Incident:
        """Record that the department has taken a lead, under its own number."""
        incident = await self._desk.opened(incident_id)
        lead = _expected(incident, lead_id, LeadState.SENT)
        receipt = text_limits.required("receipt", receipt, LINE)
        received = replace(lead, state=LeadState.RECEIVED, receipt=receipt)
        return await self._changed(
            incident,
            received,
            IncidentEventKind.LEAD_RECEIVED,
            by_field,
            details={"receipt": receipt},
        )

    async def answer(
        self, incident_id: int, lead_id: int, answer: LeadAnswer, by_field: str
    ) -> Incident:
        """Record the department's answer to a lead."""
        incident = await self._desk.opened(incident_id)
        lead = _expected(incident, lead_id, LeadState.SENT, LeadState.RECEIVED)
        if answer.outcome not in set(LeadOutcome):
            raise InvalidInput("outcome: unknown number {number}", number=answer.outcome)
        outcome = LeadOutcome(answer.outcome)
        answered = replace(
            lead,
            state=LeadState.ANSWERED,
            outcome=outcome,
            document=text_limits.required("document", answer.document, LINE),
            note=text_limits.optional("note", answer.note, NOTE),
        )
        return await self._changed(
            incident,
            answered,
            IncidentEventKind.LEAD_ANSWERED,
            by_field,
            details={"outcome": outcome.name.lower(), "document": answered.document},
        )

    async def withdraw(self, incident_id: int, lead_id: int, note: str, by_field: str) -> Incident:
        """Withdraw a lead that is not answered; what was sent cannot be called back by us."""
        incident = await self._desk.opened(incident_id)
        lead = _expected(incident, lead_id, LeadState.DRAFTED, LeadState.SENT, LeadState.RECEIVED)
        note = text_limits.required("note", note, NOTE)
        withdrawn = replace(lead, state=LeadState.WITHDRAWN, note=note)
        return await self._changed(
            incident,
            withdrawn,
            IncidentEventKind.LEAD_WITHDRAWN,
            by_field,
            details={"why": note},
        )

    async def _changed(
        self,
        incident: Incident,
        lead: Lead,
        what: IncidentEventKind,
        by_field: str,
        *,
        details: Mapping[str, str] | None = None,
    ) -> Incident:
        others = [one for one in incident.leads if one.lead_id != lead.lead_id]
        leads = sorted([*others, lead], key=lambda one: one.lead_id)
        return await self._desk.change(
            replace(incident, leads=tuple(leads)),
            what,
            by_field,
            note=f"#{lead.lead_id} {lead.department}",
            details={"lead": str(lead.lead_id), "department": lead.department}
            | dict(details or {}),
        )


def _selected(incident: Incident, wanted: Sequence[int]) -> tuple[tuple[PartKind, str], ...]:
    there = {one.part_id: (one.kind, one.reference) for one in incident.parts}
    if not there:
        raise InvalidInput("parts: nothing belongs to the incident yet")
    if missing := set(wanted) - set(there):
        raise InvalidInput(
            "parts: {count} of them are no parts of the incident", count=len(missing)
        )
    return tuple(there[one] for one in (sorted(set(wanted)) or there))


def _lead(incident: Incident, lead_id: int) -> Lead:
    for one in incident.leads:
        if one.lead_id == lead_id:
            return one
    raise NotFound(
        "lead_id: incident {incident_id} has no lead {lead_id}",
        incident_id=incident.incident_id,
        lead_id=lead_id,
    )


def _expected(incident: Incident, lead_id: int, *states: LeadState) -> Lead:
    lead = _lead(incident, lead_id)
    if lead.state not in states:
        raise InvalidInput(
            "lead {lead_id} is {state}, not {expected}",
            lead_id=lead_id,
            state=lead.state.name.lower(),
            expected=", ".join(one.name.lower() for one in states),
        )
    return lead
