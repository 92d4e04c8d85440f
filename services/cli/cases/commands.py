"""`fanzha cases`: the desk of a city or county, over gRPC."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import case_pb2 as pb
from infra.clock import now_ms
from services.cli._common.console import err, out, print_json
from services.cli._common.json_words import as_dict
from services.cli._common.options import (
    DEFAULT_WARNING_TARGET,
    After,
    AsJson,
    By,
    Limit,
    Reason,
    WarningTarget,
)
from services.cli._common.server import read_pages, tell_more
from services.cli._common.time_arguments import ahead
from services.cli.cases import display, queue, stop_payment
from services.cli.cases import options as words
from services.cli.cases.options import CaseId, Revision, server
from services.cli.warnings import region_options

app = typer.Typer(
    no_args_is_help=True,
    help="Cases of people at risk, at the desk of a city or county: list, take, note, close.",
)
queue.add_to(app)
stop_payment.add_to(app)
_PAGE = 500


@app.command("list")
def list_(
    region: words.ListedRegion = "",
    tier: words.ListedTiers = None,
    state: words.ListedStates = None,
    officer: words.ListedOfficer = "",
    fraud_type: words.ListedFraudTypes = None,
    due: words.DueUntil = "",
    overdue: words.OverdueOnly = False,
    awaits_receipt: words.AwaitsReceipt = False,
    limit: Limit = 50,
    after: After = "",
    target: WarningTarget = DEFAULT_WARNING_TARGET,
    as_json: AsJson = False,
) -> None:
    """List cases: those that wait for a person first, then by what is due; people masked.

    With closed ones, all are by when they were opened, oldest first.
    """
    now = now_ms()
    request = pb.ListCasesRequest(
        region=region,
        tiers=words.tiers(tier or ()),
        states=words.states(state or ()),
        officer=officer,
        fraud_types=words.fraud_types(fraud_type or ()),
        due_before_ms=ahead(due, now, "--due"),
        overdue_only=overdue,
        awaits_receipt_only=awaits_receipt,
        page_token=after,
    )
    with server(target) as stub:
        found, answer = read_pages(stub.ListCases, request, "cases", limit=limit, page=_PAGE)
    if as_json:
        print_json(_list_json(found, answer))
        return
    display.show_list(found, now)
    _tell_shown(found, answer)
    if not found and (unsure := region_options.doubt(region)):
        err.print(unsure, markup=False)


def _list_json(found: Sequence[pb.Case], answer: pb.ListCasesResponse) -> dict[str, object]:
    return {
        "cases": [as_dict(one) for one in found],
        "more": bool(answer.next_page_token),
        "cut_short": answer.cut_short,
    }


def _tell_shown(found: Sequence[pb.Case], answer: pb.ListCasesResponse) -> None:
    """Print how many cases are shown, and whether there are more."""
    more = gettext("; very many others were read: ask for less, such as one region")
    out.print(
        gettext("{found} shown{more}", found=len(found), more=more if answer.cut_short else "")
    )
    tell_more(answer)


@app.command()
def show(
    case_id: CaseId, target: WarningTarget = DEFAULT_WARNING_TARGET, as_json: AsJson = False
) -> None:
    """Show a case with its warnings and means; the access is recorded."""
    with server(target) as stub:
        found = stub.GetCase(pb.GetCaseRequest(case_id=case_id)).found
    if as_json:
        print_json(found)
        return
    display.show_case(found, now_ms())


@app.command()
def history(
    case_id: CaseId, target: WarningTarget = DEFAULT_WARNING_TARGET, as_json: AsJson = False
) -> None:
    """Show the history of a case, oldest first."""
    request = pb.GetCaseHistoryRequest(case_id=case_id)
    with server(target) as stub:
        events, _ = read_pages(
            stub.GetCaseHistory, request, "events", limit=sys.maxsize, page=_PAGE
        )
    if as_json:
        print_json(events)
        return
    display.show_history(events)


@app.command()
def assign(
    case_id: CaseId,
    region: Annotated[
        str, typer.Option(help="Code or name of a county, or of your city to give it back.")
    ] = "",
    officer: Annotated[str, typer.Option(help="Officer to assign.")] = "",
    revision: Revision = None,
    reason: Reason = "",
    by: By = "",
    target: WarningTarget = DEFAULT_WARNING_TARGET,
    as_json: AsJson = False,
) -> None:
    """Give a case to a county, to an officer, or both."""
    request = pb.AssignCaseRequest(
        case_id=case_id,
        region=region,
        officer=officer,
        reason=reason,
        revision=revision,
        by=by,
    )
    with server(target) as stub:
        display.tell(stub.AssignCase(request).found, as_json=as_json)


@app.command()
def take(
    case_id: CaseId,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Take it from its present officer.")
    ] = False,
    revision: Revision = None,
    by: By = "",
    target: WarningTarget = DEFAULT_WARNING_TARGET,
    as_json: AsJson = False,
) -> None:
    """Take a case; the plan of its tier then waits for you."""
    request = pb.TakeCaseRequest(case_id=case_id, take_over=take_over, revision=revision, by=by)
    with server(target) as stub:
        display.tell(stub.TakeCase(request).found, as_json=as_json)


@app.command()
def note(
    case_id: CaseId,
    text: Annotated[str, typer.Argument(help="Text of the note, in quotation marks.")] = "",
    unreached: Annotated[
        bool,
        typer.Option(
            "--unreached",
            help="The person could not be reached: take the next step now, or raise the tier.",
        ),
    ] = False,
    due: Annotated[
        str,
        typer.Option(
            help="By when the next thing happens: 30m, 2h or 3d ahead, or a time such as "
            "2026-11-25T15:00 in China's time.",
        ),
    ] = "",
    evidence: words.Evidence = None,
    revision: Revision = None,
    by: By = "",
    target: WarningTarget = DEFAULT_WARNING_TARGET,
    as_json: AsJson = False,
) -> None:
    """Add a note or evidence, also to a closed case."""
    request = pb.NoteCaseRequest(
        case_id=case_id,
        text=text,
        unreached=unreached,
        due_at_ms=ahead(due, now_ms(), "--due"),
        evidence=words.means(evidence or (), "--evidence"),
        revision=revision,
        by=by,
    )
    with server(target) as stub:
        display.tell(stub.NoteCase(request).found, as_json=as_json)


@app.command()
def close(
    case_id: CaseId,
    outcome: words.ClosingOutcome,
    reason: words.ClosingReason = "",
    lost: words.LostYuan = "",
    lost_to: words.LostTo = None,
    duplicate_of: words.DuplicateOf = "",
    revision: Revision = None,
    by: By = "",
    target: WarningTarget = DEFAULT_WARNING_TARGET,
    as_json: AsJson = False,
) -> None:
    """Close a case with its outcome; it stays closed."""
    request = pb.CloseCaseRequest(
        case_id=case_id,
        outcome=words.outcome(outcome),
        reason=reason,
        lost_fen=words.fen(lost),
        lost_to=words.means(lost_to or (), "--lost-to"),
        duplicate_of=duplicate_of,
        revision=revision,
        by=by,
    )
    with server(target) as stub:
        display.tell(stub.CloseCase(request).found, as_json=as_json)
