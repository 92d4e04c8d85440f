"""`fanzha incidents`: what the bureau works on, from the first sign to the last answer."""

from __future__ import annotations

from typing import Annotated

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import incident_pb2 as pb
from infra.clock import now_ms
from services.cli._common.confirmation import act_on_known
from services.cli._common.console import err, print_json
from services.cli._common.json_words import as_dict
from services.cli._common.options import DEFAULT_TARGET, After, AsJson, By, Limit, Note, Target, Yes
from services.cli._common.server import read_pages, tell_more
from services.cli._common.time_arguments import Since, ahead, moment
from services.cli.incidents import display, leads
from services.cli.incidents import options as words
from services.cli.incidents.options import IncidentId, server

app = typer.Typer(
    no_args_is_help=True,
    help="Incidents: gather what belongs together, move it through its stages, hand over leads.",
)
app.add_typer(leads.app, name="leads")
_PAGE = 500
_Title = Annotated[str, typer.Argument(help="Title of the incident.")]
_StageWord = Annotated[
    str, typer.Argument(metavar="STAGE", help="monitoring, warning, disposal or tracking.")
]
_OfStage = Annotated[
    str,
    typer.Option("--stage", help="monitoring, warning, disposal, tracking or closed; empty: all."),
]
_Owner = Annotated[
    str, typer.Option("--owner", help="The unit that owns the stage, by its code or a name.")
]
_OfOwner = Annotated[
    str, typer.Option("--owner", help="Only those that this unit, by its code or a name, owns.")
]
_Due = Annotated[
    str, typer.Option("--due", help="By when: 30d, a date or a time; empty: no deadline.")
]
_OfDepartment = Annotated[
    str,
    typer.Option(
        "--department", help="Only those with a lead to this department, by its code or name."
    ),
]
_Overdue = Annotated[bool, typer.Option("--overdue", help="Only those past a deadline.")]
_Open = Annotated[bool, typer.Option("--open", help="Only those that are not closed.")]
_Text = Annotated[
    str, typer.Option("--text", help="Only those whose title or a part contains this.")
]
_OfRegion = Annotated[
    str, typer.Option("--region", help="Only those of this region and all in it, such as 33.")
]
_Unmasked = Annotated[
    bool,
    typer.Option(
        "--unmasked", help="Show numbers unmasked; needs the role auditor or appeals_officer."
    ),
]
_Kind = Annotated[
    str,
    typer.Option(
        "--kind",
        help="number_pool, sim_box, shared_link, related, auto_dialer, activated_together or "
        "same_handset.",
    ),
]
_Fewest = Annotated[
    int, typer.Option("--fewest", min=2, max=500, help="Smallest cluster to list, in numbers.")
]


@app.command("open")
def open_(
    title: _Title,
    fraud_type: words.FraudWord = "",
    region: words.RegionCode = "",
    summary: words.Summary = "",
    subject: words.Subjects = None,
    case: words.Cases = None,
    decision: words.Decisions = None,
    change: words.Changes = None,
    entity: words.Entities = None,
    document: words.Documents = None,
    cluster: words.Cluster = "",
    since: Since = "7d",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Open an incident; its title is unique in its region."""
    incident = pb.Incident(
        title=title,
        fraud_type=words.fraud_type(fraud_type),
        region=region,
        summary=summary,
        parts=words.parts(subject, case, decision, change, entity, document),
    )
    request = pb.OpenIncidentRequest(
        incident=incident, cluster=words.cluster(cluster, since), by=by
    )
    with server(target) as stub:
        answer = stub.OpenIncident(request)
    _show(answer.incident, as_json=as_json)
    if not answer.first:
        err.print(gettext("it was open already: nothing is changed"))


@app.command()
def edit(
    incident_id: IncidentId,
    fraud_type: words.FraudWord = "",
    summary: words.Summary = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Change the kind of fraud or the summary; what is not given stays."""
    with server(target) as stub:
        known = stub.GetIncident(pb.GetIncidentRequest(incident_id=incident_id)).incident
        incident = pb.Incident(
            incident_id=incident_id,
            fraud_type=words.fraud_type(fraud_type) or known.fraud_type,
            summary=summary or known.summary,
        )
        answer = stub.EditIncident(pb.EditIncidentRequest(incident=incident, by=by))
    _show(answer.incident, as_json=as_json)


@app.command()
def add(
    incident_id: IncidentId,
    subject: words.Subjects = None,
    case: words.Cases = None,
    decision: words.Decisions = None,
    change: words.Changes = None,
    entity: words.Entities = None,
    document: words.Documents = None,
    cluster: words.Cluster = "",
    since: Since = "7d",
    note: Note = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Add parts to an incident: numbers, cases, decisions, changes, entities, documents."""
    request = pb.AddIncidentPartsRequest(
        incident_id=incident_id,
        parts=words.parts(subject, case, decision, change, entity, document, note),
        cluster=words.cluster(cluster, since),
        by=by,
    )
    with server(target) as stub:
        answer = stub.AddIncidentParts(request)
    _show(answer.incident, as_json=as_json)


@app.command()
def remove(
    incident_id: IncidentId,
    subject: words.Subjects = None,
    case: words.Cases = None,
    decision: words.Decisions = None,
    change: words.Changes = None,
    entity: words.Entities = None,
    note: Note = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Remove parts; the note says why, and the audit log keeps that they were there."""
    gone = words.parts(subject, case, decision, change, entity, None)
    if not gone:
        raise typer.BadParameter(gettext("name at least one part"))
    with server(target) as stub:
        for one in gone:
            answer = stub.RemoveIncidentPart(
                pb.RemoveIncidentPartRequest(incident_id=incident_id, part=one, note=note, by=by)
            )
    _show(answer.incident, as_json=as_json)


@app.command("list")
def list_(
    stage: _OfStage = "",
    fraud_type: words.FraudWord = "",
    region: _OfRegion = "",
    owner: _OfOwner = "",
    department: _OfDepartment = "",
    overdue: _Overdue = False,
    open_only: _Open = False,
    text: _Text = "",
    limit: Limit = 50,
    after: After = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """List incidents, the nearest deadline first, and how stages and leads stand."""
    request = pb.ListIncidentsRequest(
        stage=words.stage(stage, "--stage"),
        fraud_type=words.fraud_type(fraud_type),
        region=region,
        owner=owner,
        department=department,
        overdue_only=overdue,
        open_only=open_only,
        text=text,
        page_token=after,
    )
    with server(target) as stub:
        found, answer = read_pages(
            stub.ListIncidents, request, "incidents", limit=limit, page=_PAGE
        )
    if as_json:
        print_json(as_dict(answer) | {"incidents": [as_dict(one) for one in found]})
        return
    display.show_list(found)
    display.show_counts(answer)
    tell_more(answer)


@app.command()
def show(
    incident_id: IncidentId,
    unmasked: _Unmasked = False,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Show an incident: its parts, its leads, what happened to it."""
    request = pb.GetIncidentRequest(incident_id=incident_id, unmasked=unmasked)
    with server(target) as stub:
        answer = stub.GetIncident(request)
    _show(answer.incident, as_json=as_json)


@app.command()
def assign(
    incident_id: IncidentId,
    owner: _Owner = "",
    due: _Due = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Set the unit that owns the stage, and its deadline."""
    request = pb.AssignIncidentRequest(
        incident_id=incident_id, owner=owner, due_ms=ahead(due, now_ms(), "--due"), by=by
    )
    with server(target) as stub:
        answer = stub.AssignIncident(request)
    _show(answer.incident, as_json=as_json)


@app.command()
def move(
    incident_id: IncidentId,
    stage: _StageWord,
    note: Note = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Move an incident to its next stage, or back; the note says what was done."""
    to = words.stage(stage)
    with server(target) as stub:
        known = stub.GetIncident(pb.GetIncidentRequest(incident_id=incident_id)).incident
        answer = stub.MoveIncident(
            pb.MoveIncidentRequest(
                incident_id=incident_id, revision=known.revision, stage=to, note=note, by=by
            )
        )
    _show(answer.incident, as_json=as_json)


@app.command()
def close(
    incident_id: IncidentId,
    note: Note = "",
    yes: Yes = False,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Close an incident in tracking that another person moved there; its packages are deleted."""
    closed: pb.Incident = act_on_known(
        server,
        target,
        read=lambda stub: stub.GetIncident(pb.GetIncidentRequest(incident_id=incident_id)).incident,
        show=display.show_incident,
        question=gettext("Close this incident?"),
        act=lambda stub, known: (
            stub.CloseIncident(
                pb.CloseIncidentRequest(
                    incident_id=incident_id, revision=known.revision, note=note, by=by
                )
            ).incident
        ),
        yes=yes,
    )
    _show(closed, as_json=as_json)


@app.command()
def clusters(
    kind: _Kind = "number_pool",
    since: Since = "7d",
    fewest: _Fewest = 5,
    limit: Limit = 50,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Find numbers with something in common in the decision log.

    Blocked ones: number_pool, a block of a thousand consecutive numbers; sim_box, a trunk over
    which they behaved like a SIM box; shared_link, the host of the links in their texts; related, a
    confirmed entity. Blocked or not: auto_dialer and activated_together, numbers that call alike;
    same_handset, numbers that called from one device.
    """
    request = pb.FindClustersRequest(
        kind=words.cluster_kind(kind),
        since_ms=moment(since, now_ms(), "--since"),
        fewest=fewest,
        most=min(limit, _PAGE),
    )
    with server(target) as stub:
        answer = stub.FindClusters(request)
    if as_json:
        print_json(answer)
    else:
        display.show_clusters(answer)


def _show(incident: pb.Incident, *, as_json: bool) -> None:
    if as_json:
        print_json(incident)
    else:
        display.show_incident(incident)
