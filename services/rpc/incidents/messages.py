"""Converts incidents between messages and the desk."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from fanzha.phone import masked
from fanzha.translation.negotiation import for_caller, word_for_caller
from fanzha.v1 import incident_pb2 as pb
from services.decision.related.entities import is_party
from services.entities import responsible_units
from services.incidents import departments
from services.incidents.clusters import ClusterKind, SuspectCluster, is_block
from services.incidents.departments import Department
from services.incidents.model import (
    Incident,
    IncidentEvent,
    IncidentEventKind,
    IncidentPart,
    Lead,
)
from services.incidents.queries import DepartmentCount
from services.incidents.service import IncidentDraft, PartDraft, shown_reference

# Our enums have the numbers of the wire; generated stubs require their own enum types.
_wire: Callable[[int], Any] = int
Departments: TypeAlias = Mapping[str, Department]
_OF_LEADS = frozenset(one for one in IncidentEventKind if one.value.startswith("lead_"))
"""Events whose note is the number of a lead and the code of its department."""


def draft(one: pb.Incident) -> IncidentDraft:
    """Read what is said of an incident."""
    return IncidentDraft(
        title=one.title, fraud_type=int(one.fraud_type), region=one.region, summary=one.summary
    )


def part_draft(one: pb.IncidentPart) -> PartDraft:
    """Read what is said of a part."""
    return PartDraft(kind=int(one.kind), reference=one.reference, sha256=one.sha256, note=one.note)


def incident(
    one: Incident,
    now_ms: int,
    table: Departments,
    *,
    unmasked: bool = False,
    whole: bool = True,
) -> pb.Incident:
    """Write an incident; *whole*: with parts and events. *table* names departments."""
    return pb.Incident(
        incident_id=one.incident_id,
        revision=one.revision,
        title=one.title,
        fraud_type=_wire(one.fraud_type),
        region=one.region,
        summary=one.summary,
        stage=_wire(one.stage),
        due_ms=one.due_ms,
        owner=one.owner,
        parts=[_part(part, unmasked=unmasked) for part in one.parts] if whole else (),
        leads=[lead(each, now_ms, table) for each in one.leads],
        opened_at_ms=one.opened_at_ms,
        opened_by=one.opened_by,
        moved_by=one.moved_by,
        closed_at_ms=one.closed_at_ms,
        events=[_event(each, table) for each in one.events] if whole else (),
        part_count=len(one.parts),
        overdue=one.overdue(now_ms),
        owner_name=for_caller(responsible_units.name_of(one.owner)),
    )


def lead(one: Lead, now_ms: int, table: Departments) -> pb.Lead:
    """Write a lead."""
    return pb.Lead(
        lead_id=one.lead_id,
        department=one.department,
        purpose=one.purpose,
        legal_basis=one.legal_basis,
        state=_wire(one.state),
        parts=len(one.parts),
        drafted_by=one.drafted_by,
        drafted_at_ms=one.drafted_at_ms,
        sent_by=one.sent_by,
        sent_at_ms=one.sent_at_ms,
        due_ms=one.due_ms,
        package_sha256=one.package_sha256,
        package_bytes=one.package_bytes,
        receipt=one.receipt,
        outcome=_wire(one.outcome or 0),
        document=one.document,
        note=one.note,
        overdue=one.overdue(now_ms),
        department_name=for_caller(departments.title_of(table, one.department)),
    )


def lead_departments(table: Departments) -> list[pb.LeadDepartment]:
    """Write which departments take leads."""
    return [pb.LeadDepartment(name=one.name, title=for_caller(one.title)) for one in table.values()]


def count(one: DepartmentCount, table: Departments) -> pb.DepartmentCount:
    """Write how leads to a department stand."""
    return pb.DepartmentCount(
        department=one.department,
        waiting=one.waiting,
        overdue=one.overdue,
        answered=one.answered,
        useful=one.useful,
        department_name=for_caller(departments.title_of(table, one.department)),
    )


def cluster(one: SuspectCluster, *, unmasked: bool) -> pb.SuspectCluster:
    """Write a cluster."""
    return pb.SuspectCluster(
        kind=_wire(one.kind),
        common=one.common if unmasked else one.masked_common,
        numbers=one.numbers if unmasked else one.masked_numbers,
        size=one.size,
        blocked=one.blocked,
        first_ms=one.first_ms,
        last_ms=one.last_ms,
        evidence=one.evidence,
    )


def _part(one: IncidentPart, *, unmasked: bool) -> pb.IncidentPart:
    return pb.IncidentPart(
        kind=_wire(one.kind),
        reference=one.reference if unmasked else shown_reference(one),
        sha256=one.sha256,
        note=cluster_note(one.note, unmasked=unmasked) if one.why else one.note,
        joined_by=one.joined_by,
        joined_at_ms=one.joined_at_ms,
        part_id=one.part_id,
        why=", ".join(map(_figure, one.why.split(", "))),
    )


def cluster_note(note: str, *, unmasked: bool) -> str:
    """Return the cluster from which a number came; without what shows a number whole."""
    kind, _, common = note.partition(" ")
    if not unmasked and is_block(common):
        note = kind
    elif not unmasked and kind == ClusterKind.RELATED.name.lower() and is_party(common):
        note = f"{kind} {masked(common)}"
    return _named(note, "cluster_kind")


def _named(text: str, context: str = "part_kind") -> str:
    """Return a text that begins with a code with its word in the language of the caller."""
    code, separator, rest = text.partition(" ")
    return f"{word_for_caller(code, context)}{separator}{rest}"


def _figure(text: str) -> str:
    name, separator, value = text.rpartition(" ")
    return f"{word_for_caller(name)}{separator}{value}"


def _event(one: IncidentEvent, table: Departments) -> pb.IncidentEvent:
    note = one.note
    if one.what is IncidentEventKind.ASSIGNED:
        note = for_caller(responsible_units.name_of(note))
    elif one.what in _OF_LEADS:
        number, separator, name = note.partition(" ")
        note = f"{number}{separator}{for_caller(departments.title_of(table, name))}"
    elif one.what is IncidentEventKind.JOINED:
        note = ", ".join(_named(part) for part in note.split(", "))
    elif one.what is IncidentEventKind.PARTED:
        note = _named(note)
    return pb.IncidentEvent(
        at_ms=one.at_ms,
        by=one.by,
        what=one.what.value,
        note=note,
        stage=_wire(one.stage or 0),
    )
