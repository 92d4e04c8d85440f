"""The Incidents page: stages and deadlines, what belongs together, leads, clusters."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from fanzha.errors import InvalidInput
from fanzha.translation.catalogue import gettext_noop
from fanzha.translation.message import Message
from fanzha.v1 import decision_pb2
from fanzha.v1 import incident_pb2 as pb
from infra.clock import now_ms
from services.console.backend.faults import BackendFault
from services.console.incidents import forms
from services.console.web.form_numbers import enum_choice, whole_number
from services.console.web.page_request import PageRequest
from services.console.web.pages import ConsolePage, KeyHelp, PageRoute

_LIST, _GET = "IncidentService/ListIncidents", "IncidentService/GetIncident"
_OPEN, _EDIT = "IncidentService/OpenIncident", "IncidentService/EditIncident"
_ADD_PARTS, _REMOVE_PART = "IncidentService/AddIncidentParts", "IncidentService/RemoveIncidentPart"
_MOVE, _CLOSE = "IncidentService/MoveIncident", "IncidentService/CloseIncident"
_ASSIGN, _CLUSTERS = "IncidentService/AssignIncident", "IncidentService/FindClusters"
_DRAFT, _SEND = "IncidentService/DraftLead", "IncidentService/SendLead"
_PACKAGE, _RECEIVE = "IncidentService/GetLeadPackage", "IncidentService/ReceiveLead"
_ANSWER, _WITHDRAW = "IncidentService/AnswerLead", "IncidentService/WithdrawLead"
_PAGE = 50
_ONE = "/{incident_id}"
_DAY_MS = 86_400_000
_DAYS = (1, 7, 30, 90)
"""How far back clusters are looked for."""


async def index(visit: PageRequest) -> Response:
    """Show a page of incidents, the nearest deadline first."""
    query = visit.query
    names = ("stage", "open", "overdue", "department", "region", "q")
    kept = {name: query[name] for name in names if query.get(name)}
    text = str(visit.remembered(kept.get("q", "")).get("text", ""))
    answer = await visit.calls.unary(
        _LIST,
        pb.ListIncidentsRequest(
            stage=enum_choice(kept.get("stage", ""), pb.IncidentStage.values()),
            department=kept.get("department", "")[:40],
            region=kept.get("region", "")[:6],
            overdue_only=bool(kept.get("overdue")),
            open_only=bool(kept.get("open")),
            text=text,
            page_size=_PAGE,
            page_token=query.get("page", ""),
        ),
    )
    return await visit.show("incidents/list.html", answer=answer, query=kept, text=text, pb=pb)


async def search(visit: PageRequest) -> Response:
    """Keep what is searched for out of the address: it may be a number."""
    text = visit.field("text")[:200]
    if not text:
        return await visit.redirect("/incidents")
    return await visit.redirect("/incidents", q=await visit.remember({"text": text}))


async def clusters(visit: PageRequest) -> Response:
    """Show blocked numbers with something in common."""
    kind = (
        enum_choice(visit.query.get("kind", ""), pb.ClusterKind.values())
        or pb.CLUSTER_KIND_NUMBER_POOL
    )
    days = enum_choice(visit.query.get("days", ""), _DAYS) or 7
    since_ms = now_ms() - days * _DAY_MS
    fault, answer = "", pb.FindClustersResponse()
    try:
        answer = await visit.calls.unary(
            _CLUSTERS, pb.FindClustersRequest(kind=kind, since_ms=since_ms, most=_PAGE)
        )
    except BackendFault as problem:
        if not _is_told(problem):
            raise
        fault = problem.message
    return await visit.show(
        "incidents/clusters.html", answer=answer, kind=kind, days=days, all_days=_DAYS,
        since_ms=since_ms, fault=fault, pb=pb,
    )  # fmt: skip


async def ask(visit: PageRequest) -> Response:
    """Show the form of a new incident."""
    return await _form(visit, {})


async def ask_of_cluster(visit: PageRequest) -> Response:
    """Show the form of an incident that begins with a cluster."""
    return await _form(visit, _typed(visit))


async def open_(visit: PageRequest) -> Response:
    """Open an incident."""
    try:
        request = pb.OpenIncidentRequest(
            incident=forms.incident(visit), cluster=forms.cluster(visit), by=visit.session.by
        )
        answer = await visit.calls.unary(_OPEN, request)
    except InvalidInput as error:
        return await _form(visit, _typed(visit), error.translated(visit.language))
    except BackendFault as fault:
        if not _is_told(fault):
            raise
        return await _form(visit, _typed(visit), fault.message)
    said = Message("It is open.") if answer.first else Message("It was open already.")
    return await visit.redirect(f"/incidents/{answer.incident.incident_id}", message=said)


async def show(visit: PageRequest) -> Response:
    """Show an incident."""
    return await _page(visit)


async def edit(visit: PageRequest) -> Response:
    """Change kind of fraud and summary."""
    incident = pb.Incident(
        incident_id=_id(visit),
        fraud_type=enum_choice(visit.field("fraud_type"), decision_pb2.FraudType.values()),
        summary=visit.field("summary"),
    )
    request = pb.EditIncidentRequest(incident=incident, by=visit.session.by)
    return await _done(visit, _EDIT, request, Message("Saved."))


async def add_parts(visit: PageRequest) -> Response:
    """Add what belongs to it."""
    request = pb.AddIncidentPartsRequest(
        incident_id=_id(visit), parts=forms.parts(visit), by=visit.session.by
    )
    return await _done(visit, _ADD_PARTS, request, Message("It is added."))


async def remove_part(visit: PageRequest) -> Response:
    """Remove a part."""
    request = pb.RemoveIncidentPartRequest(
        incident_id=_id(visit),
        part=pb.IncidentPart(part_id=forms.number(visit, "part_id")),
        note=visit.field("note"),
        by=visit.session.by,
    )
    return await _done(visit, _REMOVE_PART, request, Message("It is removed."))


async def move(visit: PageRequest) -> Response:
    """Move it to another stage."""
    request = pb.MoveIncidentRequest(
        incident_id=_id(visit),
        revision=forms.number(visit, "revision"),
        stage=enum_choice(visit.field("stage"), pb.IncidentStage.values()),
        note=visit.field("note"),
        by=visit.session.by,
    )
    return await _done(visit, _MOVE, request, Message("It is moved."))


async def close(visit: PageRequest) -> Response:
    """Close it as it was shown."""
    request = pb.CloseIncidentRequest(
        incident_id=_id(visit),
        revision=forms.number(visit, "revision"),
        note=visit.field("note"),
        by=visit.session.by,
    )
    return await _done(visit, _CLOSE, request, Message("The incident is closed."))


async def draft(visit: PageRequest) -> Response:
    """Draft a lead of all its parts."""
    request = pb.DraftLeadRequest(
        incident_id=_id(visit),
        department=visit.field("department"),
        purpose=visit.field("purpose"),
        legal_basis=visit.field("legal_basis"),
        by=visit.session.by,
    )
    return await _done(visit, _DRAFT, request, Message("The lead is drafted."))


async def send(visit: PageRequest) -> Response:
    """Make the package of a lead."""
    request = pb.SendLeadRequest(
        incident_id=_id(visit),
        lead_id=_lead_id(visit),
        revision=forms.number(visit, "revision"),
        by=visit.session.by,
    )
    return await _done(visit, _SEND, request, Message("The lead is handed over."))


async def package(visit: PageRequest) -> Response:
    """Return the package of a lead."""
    answer = await visit.calls.unary(
        _PACKAGE, pb.GetLeadPackageRequest(incident_id=_id(visit), lead_id=_lead_id(visit))
    )
    name = f"lead-{_id(visit)}-{_lead_id(visit)}.zip"
    return Response(
        answer.package,
        media_type="application/zip",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


async def receive(visit: PageRequest) -> Response:
    """Record that the department has received a lead."""
    request = pb.ReceiveLeadRequest(
        incident_id=_id(visit),
        lead_id=_lead_id(visit),
        receipt=visit.field("receipt"),
        by=visit.session.by,
    )
    return await _done(visit, _RECEIVE, request, Message("The receipt is recorded."))


async def answer_lead(visit: PageRequest) -> Response:
    """Record the department's answer to a lead."""
    request = pb.AnswerLeadRequest(
        incident_id=_id(visit),
        lead_id=_lead_id(visit),
        outcome=enum_choice(visit.field("outcome"), pb.LeadOutcome.values()),
        document=visit.field("document"),
        note=visit.field("note"),
        by=visit.session.by,
    )
    return await _done(visit, _ANSWER, request, Message("The answer is recorded."))


async def withdraw(visit: PageRequest) -> Response:
    """Withdraw a lead."""
    request = pb.WithdrawLeadRequest(
        incident_id=_id(visit),
        lead_id=_lead_id(visit),
        note=visit.field("note"),
        by=visit.session.by,
    )
    return await _done(visit, _WITHDRAW, request, Message("The lead is withdrawn."))


async def _done(visit: PageRequest, method: str, request: Any, said: Message) -> Response:
    try:
        await visit.calls.unary(method, request)
    except BackendFault as fault:
        if not _is_told(fault):
            raise
        return await _page(visit, status=400, fault=fault.message)
    return await visit.redirect(f"/incidents/{_id(visit)}", message=said)


def _is_told(fault: BackendFault) -> bool:
    """Return whether what is wrong is said on the page that was asked from."""
    return fault.is_input or fault.status in {"PERMISSION_DENIED", "NOT_FOUND"}


async def _page(visit: PageRequest, *, status: int = 200, fault: str = "") -> Response:
    answer = await visit.calls.unary(_GET, pb.GetIncidentRequest(incident_id=_id(visit)))
    return await visit.show(
        "incidents/one.html",
        status=status,
        incident=answer.incident,
        departments=answer.departments,
        fault=fault,
        fields=tuple(forms.PART_FIELDS.items()),
        frauds=[one for one in decision_pb2.FraudType.values() if one],
        fraud_types=decision_pb2.FraudType,
        outcomes=[one for one in pb.LeadOutcome.values() if one],
        pb=pb,
    )


async def _form(visit: PageRequest, typed: Mapping[str, str], fault: str = "") -> Response:
    return await visit.show(
        "incidents/form.html",
        status=400 if fault else 200,
        typed=typed,
        fault=fault,
        fields=tuple(forms.PART_FIELDS.items()),
        frauds=[one for one in decision_pb2.FraudType.values() if one],
        fraud_types=decision_pb2.FraudType,
        pb=pb,
    )


def _id(visit: PageRequest) -> int:
    return _small(visit.path("incident_id"))


def _lead_id(visit: PageRequest) -> int:
    return _small(visit.path("lead_id"))


def _small(text: str) -> int:
    return whole_number(text) or 0


def _typed(visit: PageRequest) -> dict[str, str]:
    return {name: visit.field(name) for name in visit.form}


def _post(path: str, view: Any, method: str) -> PageRoute:
    return PageRoute(path=path, view=view, method="POST", needs=(method,))


_LEAD = f"{_ONE}/leads/{{lead_id}}"
PAGE = ConsolePage(
    name="incidents",
    title=gettext_noop("Incidents"),
    key="i",
    needs=(_LIST,),
    routes=(
        PageRoute(path="", view=index),
        PageRoute(path="/search", view=search, method="POST"),
        PageRoute(path="/clusters", view=clusters, needs=(_CLUSTERS,)),
        PageRoute(path="/new", view=ask, needs=(_OPEN,)),
        _post("/new", open_, _OPEN),
        _post("/new/cluster", ask_of_cluster, _OPEN),
        PageRoute(path=_ONE, view=show, needs=(_GET,)),
        _post(f"{_ONE}/edit", edit, _EDIT),
        _post(f"{_ONE}/add", add_parts, _ADD_PARTS),
        _post(f"{_ONE}/remove", remove_part, _REMOVE_PART),
        _post(f"{_ONE}/move", move, _MOVE),
        _post(f"{_ONE}/close", close, _CLOSE),
        _post(f"{_ONE}/leads", draft, _DRAFT),
        _post(f"{_LEAD}/send", send, _SEND),
        PageRoute(path=f"{_LEAD}/package", view=package, needs=(_PACKAGE,)),
        _post(f"{_LEAD}/receive", receive, _RECEIVE),
        _post(f"{_LEAD}/answer", answer_lead, _ANSWER),
        _post(f"{_LEAD}/withdraw", withdraw, _WITHDRAW),
    ),
    keys=(KeyHelp(key="s", does=gettext_noop("Search the incidents")),),
)
