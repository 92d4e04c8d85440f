"""`fanzha entities`: companies, platforms and apps that must leave, over gRPC."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import grpc
import typer

from fanzha import client
from fanzha.translation.catalogue import gettext
from fanzha.v1 import entity_pb2 as pb
from infra.clock import now_ms
from services.cli._common.confirmation import Confirm, act_on_known, call
from services.cli._common.console import err, fail, os_fault, out, print_json, progress
from services.cli._common.json_words import as_dict
from services.cli._common.options import (
    DEFAULT_TARGET,
    After,
    AsJson,
    By,
    DryRun,
    Limit,
    Note,
    Target,
    Yes,
)
from services.cli._common.server import read_pages, tell_more
from services.cli._common.time_arguments import ahead
from services.cli.entities import display, import_file
from services.cli.entities import options as words
from services.cli.entities.options import EntityId, StepName, server

app = typer.Typer(
    no_args_is_help=True,
    help="Companies, platforms and apps that must leave the market: steps, proofs, sightings.",
)
_PAGE = 500
_Name = Annotated[str, typer.Argument(help="Name of the entity.")]
_File = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help="CSV file, one entity per row.")
]
_Document = Annotated[
    str, typer.Option("--document", help="What proves it: number or name of a document.")
]
_DocumentFile = Annotated[
    Path | None,
    typer.Option(
        "--file", exists=True, dir_okay=False, help="That document: its SHA-256 is recorded."
    ),
]
_NotNeeded = Annotated[
    bool, typer.Option("--not-needed", help="The step does not apply to it; --note says why.")
]
_Owner = Annotated[
    str,
    typer.Option("--owner", help="The unit that owes it, by its code or a name; empty: nobody."),
]
_Due = Annotated[
    str, typer.Option("--due", help="By when: 30d, a date or a time; empty: no deadline.")
]
_State = Annotated[str, typer.Option("--state", help="leaving, closed or seen_again; empty: all.")]
_OfOwner = Annotated[
    str,
    typer.Option(
        "--owner", help="Only those with an open step that this unit, by its code or a name, owes."
    ),
]
_Overdue = Annotated[bool, typer.Option("--overdue", help="Only those with an overdue step.")]
_Text = Annotated[
    str, typer.Option("--text", help="Only those whose name or an identifier contains this.")
]
_Days = Annotated[int, typer.Option("--days", min=1, max=3650, help="Days until they expire.")]


@app.command()
def add(
    name: _Name,
    kind: words.KindWord = "platform",
    financial_fraud: words.FraudWord = "online_lending",
    cleanup: words.Cleanup = "",
    legal_basis: words.Basis = "",
    region: words.RegionCode = "",
    host: words.Hosts = None,
    number: words.Numbers = None,
    sender: words.Senders = None,
    app_: words.Apps = None,
    icp_record: words.Records = None,
    custodian: words.Custodians = None,
    payment_channel: words.PaymentChannels = None,
    credit_code: words.CreditCode = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Register an entity; its name is unique in its clean-up."""
    entity = pb.Entity(
        name=name,
        kind=words.entity_kind(kind),
        financial_fraud=words.financial_fraud(financial_fraud),
        cleanup=cleanup,
        legal_basis=legal_basis,
        region=region,
        identifiers=words.identifiers(
            host, number, sender, app_, icp_record, custodian, payment_channel, credit_code
        ),
    )
    with server(target) as stub:
        answer = stub.RegisterEntity(pb.RegisterEntityRequest(entity=entity, by=by))
    _show(answer.entity, as_json=as_json)
    if not answer.first:
        err.print(gettext("it was registered already: nothing is changed"))


@app.command("import")
def import_(
    file: _File,
    cleanup: words.Cleanup = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
) -> None:
    """Register each row of a CSV file; repeating it registers only what is new.

    Columns: name, kind, financial_fraud; optional: cleanup, legal_basis, region, hosts, numbers,
    senders, apps, icp_records, custodians, payment_channels, credit_code.
    """
    rows = list(import_file.read(file, cleanup))
    new, refused = 0, 0
    with server(target) as stub, progress() as shown:
        task = shown.add_task(gettext("entities"), total=len(rows), note="")
        for line, entity in rows:
            why = entity if isinstance(entity, str) else ""
            try:
                if not isinstance(entity, str):
                    answer = stub.RegisterEntity(pb.RegisterEntityRequest(entity=entity, by=by))
                    new += answer.first
            except grpc.RpcError as error:
                if error.code() is not grpc.StatusCode.INVALID_ARGUMENT:
                    raise
                why = client.localized_message(error) or error.details() or ""
            if why:
                refused += 1
                err.print(gettext("line {line}: {why}", line=line, why=why), markup=False)
            shown.advance(task)
    known = len(rows) - new - refused
    out.print(
        gettext(
            "{new} registered, {known} were known, {refused} refused",
            new=new,
            known=known,
            refused=refused,
        )
    )
    if refused:
        raise typer.Exit(1)


@app.command()
def edit(
    entity_id: EntityId,
    kind: words.KindWord = "",
    financial_fraud: words.FraudWord = "",
    legal_basis: words.Basis = "",
    region: words.RegionCode = "",
    host: words.Hosts = None,
    number: words.Numbers = None,
    sender: words.Senders = None,
    app_: words.Apps = None,
    icp_record: words.Records = None,
    custodian: words.Custodians = None,
    payment_channel: words.PaymentChannels = None,
    credit_code: words.CreditCode = "",
    remove: Annotated[
        list[str] | None,
        typer.Option("--remove", help="An identifier to remove; may be repeated."),
    ] = None,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Change the fields given, add identifiers, or remove some; the rest stays."""
    added = words.identifiers(
        host, number, sender, app_, icp_record, custodian, payment_channel, credit_code
    )
    with server(target) as stub:
        entity = stub.GetEntity(pb.GetEntityRequest(entity_id=entity_id)).entity
        gone = set(remove or ())
        if unknown := gone - {one.value for one in entity.identifiers}:
            fail(gettext("it has no identifier {values}", values=", ".join(sorted(unknown))))
        kept = [one for one in entity.identifiers if one.value not in gone]
        del entity.identifiers[:]
        entity.identifiers.extend([*kept, *added])
        entity.kind = words.entity_kind(kind) or entity.kind
        entity.financial_fraud = words.financial_fraud(financial_fraud) or entity.financial_fraud
        entity.legal_basis = legal_basis or entity.legal_basis
        entity.region = region or entity.region
        answer = stub.EditEntity(pb.EditEntityRequest(entity=entity, by=by))
    _show(answer.entity, as_json=as_json)


@app.command("list")
def list_(
    state: _State = "",
    cleanup: words.Cleanup = "",
    financial_fraud: words.FraudWord = "",
    owner: _OfOwner = "",
    overdue: _Overdue = False,
    text: _Text = "",
    limit: Limit = 50,
    after: After = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """List entities, the nearest deadline first, and the progress of their steps."""
    request = pb.ListEntitiesRequest(
        state=words.state(state),
        cleanup=cleanup,
        financial_fraud=words.financial_fraud(financial_fraud),
        owner=owner,
        overdue_only=overdue,
        text=text,
        page_token=after,
    )
    with server(target) as stub:
        found, answer = read_pages(stub.ListEntities, request, "entities", limit=limit, page=_PAGE)
    if as_json:
        print_json(as_dict(answer) | {"entities": [as_dict(one) for one in found]})
        return
    display.show_list(found)
    display.show_progress(answer)
    tell_more(answer)


@app.command()
def show(entity_id: EntityId, target: Target = DEFAULT_TARGET, as_json: AsJson = False) -> None:
    """Show an entity: what identifies it, the steps of its exit, what was seen again."""
    with server(target) as stub:
        answer = stub.GetEntity(pb.GetEntityRequest(entity_id=entity_id))
    _show(answer.entity, as_json=as_json)


@app.command()
def assign(
    entity_id: EntityId,
    step: StepName,
    owner: _Owner = "",
    due: _Due = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Set the unit that owes a step, and its deadline."""
    request = pb.AssignExitStepRequest(
        entity_id=entity_id,
        step=step,
        owner=owner,
        due_ms=ahead(due, now_ms(), "--due"),
        by=by,
    )
    with server(target) as stub:
        answer = stub.AssignExitStep(request)
    _show(answer.entity, as_json=as_json)


@app.command()
def settle(
    entity_id: EntityId,
    step: StepName,
    document: _Document = "",
    file: _DocumentFile = None,
    not_needed: _NotNeeded = False,
    note: Note = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Settle a step with the document that proves it, or as not needed."""
    if not_needed and (document or file):
        fail(gettext("--not-needed: cannot be given with a document"))
    request = pb.SettleExitStepRequest(
        entity_id=entity_id,
        step=step,
        state=pb.EXIT_STEP_STATE_NOT_NEEDED if not_needed else pb.EXIT_STEP_STATE_DONE,
        document=document or (file.name if file else ""),
        document_sha256=_digest(file) if file else "",
        note=note,
        by=by,
    )
    with server(target) as stub:
        answer = stub.SettleExitStep(request)
    _show(answer.entity, as_json=as_json)


@app.command()
def reopen(
    entity_id: EntityId,
    step: StepName,
    note: Note = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Reopen a step, with a note that says why; a closed entity is reopened with it."""
    request = pb.SettleExitStepRequest(entity_id=entity_id, step=step, note=note, by=by)
    with server(target) as stub:
        answer = stub.SettleExitStep(request)
    _show(answer.entity, as_json=as_json)


@app.command()
def close(
    entity_id: EntityId,
    note: Note = "",
    yes: Yes = False,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Close an entity whose steps other people than you have settled."""
    closed: pb.Entity = act_on_known(
        server,
        target,
        read=lambda stub: stub.GetEntity(pb.GetEntityRequest(entity_id=entity_id)).entity,
        show=display.show_entity,
        question=gettext("Close this entity?"),
        act=lambda stub, known: (
            stub.CloseEntity(
                pb.CloseEntityRequest(
                    entity_id=entity_id, revision=known.revision, note=note, by=by
                )
            ).entity
        ),
        yes=yes,
    )
    _show(closed, as_json=as_json)


@app.command()
def propose(
    entity_id: EntityId,
    days: _Days = 365,
    confirm: Confirm = None,
    dry_run: DryRun = False,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Propose block entries for its hosts, numbers and senders, as one change to the lists."""
    request = pb.ProposeEntityEntriesRequest(entity_id=entity_id, days=days, dry_run=dry_run, by=by)

    def send(stub: Any) -> pb.ProposeEntityEntriesResponse:
        answer: pb.ProposeEntityEntriesResponse = stub.ProposeEntityEntries(request)
        return answer

    answer = call(server, target, send, request, confirm)
    if as_json:
        print_json(answer)
        return
    display.show_proposal(answer)


@app.command("settle-sighting")
def settle_sighting(
    entity_id: EntityId,
    kind: Annotated[str, typer.Argument(help="host, number or sender.")],
    value: Annotated[str, typer.Argument(help="What was seen, as `show` writes it.")],
    note: Note = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Settle a sighting; the note says what was done about it."""
    request = pb.SettleSightingRequest(
        entity_id=entity_id,
        identifier=pb.EntityIdentifier(kind=words.identifier_kind(kind), value=value),
        note=note,
        by=by,
    )
    with server(target) as stub:
        answer = stub.SettleSighting(request)
    _show(answer.entity, as_json=as_json)


def _digest(file: Path) -> str:
    try:
        return sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise typer.BadParameter(f"{file}: {os_fault(error)}", param_hint="--file") from None


def _show(entity: pb.Entity, *, as_json: bool) -> None:
    if as_json:
        print_json(entity)
    else:
        display.show_entity(entity)
