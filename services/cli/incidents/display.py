"""Shows incidents, leads and clusters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fanzha.translation.catalogue import gettext, language
from fanzha.translation.message import localized
from fanzha.v1 import decision_pb2
from fanzha.v1 import incident_pb2 as pb
from services.cli._common.console import out
from services.cli._common.enum_words import field_label, shown_word, wire_word
from services.cli._common.plain_text import padded
from services.cli._common.tables import RowTable
from services.cli._common.time_arguments import day, written
from services.entities import responsible_units

if TYPE_CHECKING:
    from typing import Any

    from services.evidence_package.signed_archive import PackageCheck


def show_list(incidents: Iterable[pb.Incident]) -> None:
    """Print incidents as a table."""
    table = RowTable()
    heads = ("incident", "title", "stage", "owner", "until", "parts", "leads", "overdue")
    for head in heads:
        table.add_column(gettext(head), prose=head == "title")
    for one in incidents:
        table.add_row(
            str(one.incident_id),
            one.title,
            stage_word(one.stage),
            one.owner_name,
            written(one.due_ms) if one.due_ms else "",
            str(one.part_count),
            str(len(one.leads)),
            gettext("overdue") if one.overdue else "",
        )
    table.print()


def show_counts(answer: pb.ListIncidentsResponse) -> None:
    """Print how many incidents are in each stage, and how leads to departments stand."""
    if answer.departments:
        table = RowTable()
        for head in ("department", "waiting", "overdue", "answered", "useful"):
            table.add_column(gettext(head), right=head != "department")
        for one in answer.departments:
            counts = (one.waiting, one.overdue, one.answered, one.useful)
            table.add_row(one.department_name, *map(str, counts))
        table.print()
    stages = ", ".join(
        f"{stage_word(stage)} {count}" for stage, count in sorted(answer.by_stage.items())
    )
    out.print(
        gettext(
            "{total} incidents: {stages}; {overdue} overdue",
            total=answer.total,
            stages=stages or "–",
            overdue=answer.overdue,
        ),
        markup=False,
    )


def show_incident(one: pb.Incident) -> None:
    """Print one incident."""
    _line("incident", f"{one.incident_id}, {one.title}, {stage_word(one.stage)}")
    fraud = shown_word(decision_pb2.FraudType, one.fraud_type)
    _line("fraud type", fraud)
    _line("region", one.region)
    _line("summary", one.summary)
    _line("owner", one.owner_name)
    late = f", {gettext('overdue')}" if one.overdue else ""
    _line("until", f"{written(one.due_ms)}{late}" if one.due_ms else "")
    for part in one.parts:
        rest = [text for text in (part.note, part.why, part.sha256) if text]
        kind = shown_word(pb.PartKind, part.kind)
        _raw(kind, ", ".join([part.reference, *rest]))
    for lead in one.leads:
        _line("lead", _lead(lead))
    for event in one.events:
        note = f": {event.note}" if event.note else ""
        what = gettext(event.what.replace("_", " "))
        if event.stage:
            what = f"{what} → {stage_word(event.stage)}"
        _raw(
            written(event.at_ms), gettext("{what} by {by}{note}", what=what, by=event.by, note=note)
        )


def show_clusters(answer: pb.FindClustersResponse) -> None:
    """Print clusters as a table."""
    table = RowTable()
    for head in ("cluster", "numbers", "blocked", "first", "last", "among them", "why"):
        table.add_column(gettext(head), right=head in ("numbers", "blocked"), prose=head == "why")
    for one in answer.clusters:
        kind = wire_word(pb.ClusterKind, one.kind)
        table.add_row(
            f"{kind}:{one.common}",
            str(one.size),
            f"{one.blocked:,}",
            day(one.first_ms // 1000),
            day(one.last_ms // 1000),
            " ".join(one.numbers[:3]),
            cluster_evidence(one),
        )
    table.print()
    if answer.total > len(answer.clusters):
        out.print(gettext("{count} more", count=answer.total - len(answer.clusters)))


def cluster_evidence(one: pb.SuspectCluster) -> str:
    """Write why a cluster is one."""
    named = ((field_label(name), value) for name, value in sorted(one.evidence.items()))
    return ", ".join(f"{name} {value:,.4g}" for name, value in named)


def show_check(checked: PackageCheck) -> None:
    """Print the result of a check of a package."""
    for problem in checked.problems:
        out.print(localized(problem, language()), markup=False, soft_wrap=True)
    names = ("incident", "lead", "department", "sent_by", "made_at", "rows", "masked", "left_out")
    department = str(checked.manifest.get("department", ""))
    name = responsible_units.name_in(department, language())
    shown = {**checked.manifest, "department": name}
    for one in names:
        _line(one.replace("_", " "), str(shown.get(one, "")))
    own = gettext("the key in the package itself: compare its id with one that you noted elsewhere")
    _line("key", f"{checked.key_id}{f', {own}' if checked.own_key else ''}")
    whole = gettext("WHOLE: nothing was changed, removed or added")
    out.print(whole if checked.good else gettext("DAMAGED"))


def check_words(checked: PackageCheck) -> dict[str, Any]:
    """Return the result of a check of a package for JSON."""
    return {
        "good": checked.good,
        "problems": checked.problems,
        "key_id": checked.key_id,
        "own_key": checked.own_key,
        "files": checked.files,
        "manifest": dict(checked.manifest),
    }


def stage_word(number: int) -> str:
    """Return the word of a stage, in the language of the user."""
    return shown_word(pb.IncidentStage, number)


def _lead(one: pb.Lead) -> str:
    parts = [
        f"#{one.lead_id} {one.department_name}",
        shown_word(pb.LeadState, one.state),
        shown_word(pb.LeadOutcome, one.outcome),
        gettext("overdue") if one.overdue else "",
        one.purpose,
        gettext("{parts} parts", parts=one.parts),
        gettext("until {day}", day=day(one.due_ms // 1000)) if one.due_ms else "",
        *(one.receipt, one.document, one.note, one.package_sha256),
    ]
    return ", ".join(part for part in parts if part)


def _line(name: str, text: str) -> None:
    if text:
        _raw(gettext(name), text)


def _raw(name: str, text: str) -> None:
    out.print(f"{padded(name, 16)} {text}", markup=False, soft_wrap=True)
