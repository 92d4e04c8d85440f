"""`fanzha incidents leads`: hand parts of an incident to a department, and record its answer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import incident_pb2 as pb
from infra import atomic_file
from services.cli._common import files
from services.cli._common.confirmation import act_on_known
from services.cli._common.console import err, fail, fault_text, os_fault, print_json
from services.cli._common.options import DEFAULT_TARGET, AsJson, By, Note, Target, Yes
from services.cli.incidents import display
from services.cli.incidents import options as words
from services.cli.incidents.options import IncidentId, LeadId, server

app = typer.Typer(
    no_args_is_help=True,
    help="Leads: hand parts of an incident to a department, masked as it may see them.",
)
_Department = Annotated[
    str,
    typer.Argument(
        help="Its code in the table of departments, such as public_security, or its name."
    ),
]
_Purpose = Annotated[str, typer.Option("--purpose", help="What the department is asked for.")]
_Basis = Annotated[
    str, typer.Option("--legal-basis", help="Legal basis; by default that of the department.")
]
_Receipt = Annotated[str, typer.Option("--receipt", help="The department's receipt number.")]
_Outcome = Annotated[
    str,
    typer.Option(
        "--outcome", help="case_filed, penalty, measures, nothing_found or not_competent."
    ),
]
_Document = Annotated[
    str, typer.Option("--document", help="The answer: number or name of its document.")
]
_Out = Annotated[
    Path,
    typer.Option("--out", dir_okay=False, callback=files.fresh, help="ZIP file to write."),
]
_Package = Annotated[Path, typer.Argument(dir_okay=False, help="ZIP file of a lead.")]
_PublicKey = Annotated[
    Path | None,
    typer.Option(
        "--public-key",
        exists=True,
        dir_okay=False,
        help="Public key of the service's audit log in PEM. Empty: the one in the package, which "
        "proves nothing against someone who can replace both.",
    ),
]


@app.command()
def draft(
    incident_id: IncidentId,
    department: _Department,
    purpose: _Purpose = "",
    legal_basis: _Basis = "",
    subject: words.Subjects = None,
    case: words.Cases = None,
    decision: words.Decisions = None,
    change: words.Changes = None,
    entity: words.Entities = None,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Draft a lead from the parts named, or from all; another person sends it."""
    request = pb.DraftLeadRequest(
        incident_id=incident_id,
        department=department,
        purpose=purpose,
        legal_basis=legal_basis,
        parts=words.parts(subject, case, decision, change, entity, None),
        by=by,
    )
    with server(target) as stub:
        answer = stub.DraftLead(request)
    _show(answer.incident, as_json=as_json)


@app.command()
def send(
    incident_id: IncidentId,
    lead_id: LeadId,
    yes: Yes = False,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Make the package of a lead that somebody else has drafted; `get` writes it to a file."""
    sent: pb.Incident = act_on_known(
        server,
        target,
        read=lambda stub: stub.GetIncident(pb.GetIncidentRequest(incident_id=incident_id)).incident,
        show=display.show_incident,
        question=gettext("Hand lead {lead_id} over?", lead_id=lead_id),
        act=lambda stub, known: (
            stub.SendLead(
                pb.SendLeadRequest(
                    incident_id=incident_id, lead_id=lead_id, revision=known.revision, by=by
                )
            ).incident
        ),
        yes=yes,
    )
    _show(sent, as_json=as_json)


@app.command("get")
def get_(
    incident_id: IncidentId, lead_id: LeadId, file: _Out, target: Target = DEFAULT_TARGET
) -> None:
    """Write the package of a lead as it was sent; each time it is recorded who did."""
    request = pb.GetLeadPackageRequest(incident_id=incident_id, lead_id=lead_id)
    with server(target) as stub:
        answer = stub.GetLeadPackage(request)
    beside = file.with_name(f"{file.name}.part")
    with atomic_file.replacing(file, beside=beside) as opened:
        opened.write(answer.package)
    err.print(
        gettext("{file} written: {st_size:,} bytes", file=file, st_size=len(answer.package)),
        soft_wrap=True,
    )


@app.command()
def receive(
    incident_id: IncidentId,
    lead_id: LeadId,
    receipt: _Receipt = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Record that the department has received a lead."""
    request = pb.ReceiveLeadRequest(
        incident_id=incident_id, lead_id=lead_id, receipt=receipt, by=by
    )
    with server(target) as stub:
        answer = stub.ReceiveLead(request)
    _show(answer.incident, as_json=as_json)


@app.command()
def answer(
    incident_id: IncidentId,
    lead_id: LeadId,
    outcome: _Outcome = "",
    document: _Document = "",
    note: Note = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Record the department's answer to a lead."""
    request = pb.AnswerLeadRequest(
        incident_id=incident_id,
        lead_id=lead_id,
        outcome=words.outcome(outcome),
        document=document,
        note=note,
        by=by,
    )
    with server(target) as stub:
        answered = stub.AnswerLead(request)
    _show(answered.incident, as_json=as_json)


@app.command()
def withdraw(
    incident_id: IncidentId,
    lead_id: LeadId,
    note: Note = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Withdraw an unanswered lead; a package that was sent stays with the department."""
    request = pb.WithdrawLeadRequest(incident_id=incident_id, lead_id=lead_id, note=note, by=by)
    with server(target) as stub:
        answer = stub.WithdrawLead(request)
    _show(answer.incident, as_json=as_json)


@app.command()
def verify(file: _Package, public_key: _PublicKey = None, as_json: AsJson = False) -> None:
    """Check the package of a lead, without a server: its signature and the hashes of its files."""
    from services.audit import keys
    from services.incidents.lead_package import check

    try:
        file.open("rb").close()
    except OSError as error:
        raise typer.BadParameter(f"{file}: {os_fault(error)}", param_hint="file") from None
    known = None
    if public_key is not None:
        try:
            known = keys.read_public(public_key.read_text(), str(public_key))
        except ValueError as error:
            fail(fault_text(error))
    checked = check(file, known)
    if as_json:
        print_json(display.check_words(checked))
    else:
        display.show_check(checked)
    if not checked.good:
        raise typer.Exit(1)


def _show(incident: pb.Incident, *, as_json: bool) -> None:
    if as_json:
        print_json(incident)
    else:
        display.show_incident(incident)
