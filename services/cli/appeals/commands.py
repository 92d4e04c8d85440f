"""`fanzha appeals`: open, review and decide appeals, write notices, over gRPC."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import appeal_pb2 as pb
from infra.clock import now_ms
from services.cli._common.console import err, out, print_json, progress
from services.cli._common.options import (
    DEFAULT_TARGET,
    After,
    AsJson,
    By,
    LanguageWord,
    Limit,
    Reason,
    Target,
)
from services.cli._common.server import read_pages, tell_more
from services.cli._common.time_arguments import moment
from services.cli.appeals import display
from services.cli.appeals import documents as appeal_papers
from services.cli.appeals import options as words
from services.cli.appeals.options import AppealId, server

app = typer.Typer(
    no_args_is_help=True, help="Appeals against blocks: open, review, decide, lift, notify."
)


_DecisionId = Annotated[
    int, typer.Argument(min=0, help="Id of the decision, from the block message; 0: none.")
]
_Pattern = Annotated[
    str,
    typer.Option(
        help="Number, sender, host or URL that is blocked; needed without a decision, and with "
        "one that is no longer kept."
    ),
]
_At = Annotated[
    str,
    typer.Option(
        help="When it was blocked, such as 2026-11-25T14:03 (China's time), or how long ago: 30m."
    ),
]
_Document = Annotated[
    list[Path] | None,
    typer.Option(exists=True, dir_okay=False, help="A document to hand in; may be repeated."),
]
_DigestsOnly = Annotated[
    bool,
    typer.Option("--digests-only", help="Send names and SHA-256 of documents, not contents."),
]
_ListedState = Annotated[
    str,
    typer.Option(help="received, in_review, upheld, rejected or withdrawn; empty: all open ones."),
]
_OverdueOnly = Annotated[bool, typer.Option("--overdue", help="Only those past their deadline.")]
_ListedOfficer = Annotated[str, typer.Option(help="Only those that this officer has.")]
_ListedPattern = Annotated[
    str, typer.Option(help="Only those about this number, sender, host or URL, in any state.")
]
_Again = Annotated[
    bool, typer.Option("--again", help="Open another although the earlier one is closed.")
]


@app.command("open")
def open_(
    decision_id: _DecisionId = 0,
    pattern: _Pattern = "",
    at: _At = "",
    name: Annotated[str, typer.Option(prompt=True, help="Who appeals.")] = "",
    contact: Annotated[str, typer.Option(prompt=True, help="Contact of the appellant.")] = "",
    grounds: Annotated[str, typer.Option(prompt=True, help="Why the block is wrong.")] = "",
    document: _Document = None,
    digests_only: _DigestsOnly = False,
    again: _Again = False,
    by: By = "",
    language: LanguageWord = "zh",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Open an appeal and print the receipt; repeating it returns the same appeal."""
    request = pb.OpenAppealRequest(
        decision_id=decision_id,
        pattern=pattern,
        occurred_at_ms=moment(at, now_ms(), "--at"),
        appellant=name,
        contact=contact,
        grounds=grounds,
        documents=words.documents(document or [], digests_only=digests_only),
        opened_by=by,
        again=again,
        language=words.language(language),
    )
    with server(target) as stub:
        answer = stub.OpenAppeal(request)
    if as_json:
        print_json(answer)
        return
    out.print(answer.receipt, markup=False, soft_wrap=True)
    if not answer.first:
        _show_earlier(answer.appeal, with_documents=bool(document))


def _show_earlier(appeal: pb.Appeal, *, with_documents: bool) -> None:
    hint = "" if words.is_open(appeal) else gettext("; --again opens another")
    err.print(
        gettext(
            "appeal {appeal_id} was there already: {state}{hint}",
            appeal_id=appeal.appeal_id,
            state=words.state_word(appeal.state),
            hint=hint,
        )
    )
    if with_documents and words.is_open(appeal):
        err.print(
            gettext(
                "its documents are those of then; to add some: fanzha appeals add {appeal_id}",
                appeal_id=appeal.appeal_id,
            )
        )


@app.command()
def add(
    appeal_id: AppealId,
    document: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, help="Documents to submit.")
    ],
    digests_only: Annotated[
        bool, typer.Option("--digests-only", help="Send names and SHA-256, not contents.")
    ] = False,
    by: By = "",
    target: Target = DEFAULT_TARGET,
) -> None:
    """Add documents to an open appeal."""
    request = pb.AddDocumentsRequest(
        appeal_id=appeal_id,
        documents=words.documents(document, digests_only=digests_only),
        by=by,
    )
    with server(target) as stub:
        answer = stub.AddDocuments(request)
    out.print(
        gettext(
            "appeal {appeal_id} has {documents} documents",
            appeal_id=appeal_id,
            documents=len(answer.appeal.documents),
        )
    )


_ListedRegion = Annotated[
    str,
    typer.Option(
        "--region",
        help="Only those about what this region listed, such as 3301; none: all others.",
    ),
]


@app.command("list")
def list_(
    state: _ListedState = "",
    overdue: _OverdueOnly = False,
    officer: _ListedOfficer = "",
    pattern: _ListedPattern = "",
    region: _ListedRegion = "",
    limit: Limit = 50,
    after: After = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """List appeals: open ones with the nearest deadline first, closed ones newest first."""
    request = pb.ListAppealsRequest(
        state=words.state(state),
        overdue_only=overdue,
        officer=officer,
        pattern=pattern,
        region=region,
        page_token=after,
    )
    with server(target) as stub:
        found, answer = read_pages(stub.ListAppeals, request, "appeals", limit=limit)
    if as_json:
        print_json(found)
    else:
        display.show_queue(found, int(time.time() * 1000))
        out.print(
            gettext(
                "{found} shown; {open} open, {due_soon} with half of their time over, "
                "{overdue} overdue",
                found=len(found),
                open=answer.open,
                due_soon=answer.due_soon,
                overdue=answer.overdue,
            )
        )
    tell_more(answer)


@app.command()
def show(appeal_id: AppealId, target: Target = DEFAULT_TARGET, as_json: AsJson = False) -> None:
    """Show an appeal with the evidence; personal data to appeals officers only."""
    with server(target) as stub:
        answer = stub.GetAppeal(pb.GetAppealRequest(appeal_id=appeal_id))
    if as_json:
        print_json(answer)
        return
    now_ms = int(time.time() * 1000)
    display.show_appeal(answer.appeal, now_ms)
    if answer.HasField("evidence"):
        display.show_evidence(answer.evidence, now_ms // 1000)


@app.command()
def take(appeal_id: AppealId, by: By = "", target: Target = DEFAULT_TARGET) -> None:
    """Take an appeal into review, also from another officer."""
    request = pb.TakeAppealRequest(appeal_id=appeal_id, by=by)
    with server(target) as stub:
        answer = stub.TakeAppeal(request)
    left = (answer.appeal.deadline_ms - time.time() * 1000) / 3_600_000
    late = (
        gettext("{left:.1f} hours left", left=left)
        if left >= 0
        else gettext("{value:.1f} hours overdue", value=-left)
    )
    out.print(
        gettext(
            "appeal {appeal_id} is yours, {officer}; {late}",
            appeal_id=appeal_id,
            officer=answer.appeal.officer,
            late=late,
        ),
        markup=False,
    )


_Remedy = Annotated[str, typer.Option(help="To reject: how the appellant may complain further.")]
_Allow = Annotated[
    bool,
    typer.Option(
        "--allow", help="Add an allow entry even where removing entries does: against models."
    ),
]
_Direction = Annotated[
    str, typer.Option(help="Sides of that allow entry: from, to, both; empty: the blocked.")
]
_AllowDays = Annotated[
    int, typer.Option(min=0, help="Days until it ends; 0: the server's setting.")
]
_Lift = Annotated[
    str, typer.Option(help="Lift this number, host or URL instead, such as one page.")
]


@app.command()
def decide(
    appeal_id: AppealId,
    outcome: Annotated[str, typer.Argument(help="upheld or rejected; 成立 or 不成立.")],
    reason: Annotated[str, typer.Option(help="Reason; part of the notice.")],
    remedy: _Remedy = "",
    documents: Annotated[str, typer.Option(help="To reject: documents that would be needed.")] = "",
    allow: _Allow = False,
    direction: _Direction = "",
    allow_days: _AllowDays = 0,
    lift: _Lift = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Decide an appeal you have taken; upheld, wait until every worker lets the traffic through.

    Status 1 if the lift is not complete after ten seconds; the server continues it.
    """
    request = pb.DecideAppealRequest(
        appeal_id=appeal_id, outcome=words.outcome(outcome), reason=reason, remedy=remedy,
        documents_required=documents, by=by, allow=allow, direction=words.direction(direction),
        allow_days=allow_days, lift_pattern=lift,
    )  # fmt: skip
    with server(target) as stub, progress(bar=False) as bar:
        bar.add_task(gettext("waiting for the workers"), total=1, note="")
        answer = stub.DecideAppeal(request)
    if as_json:
        print_json(answer)
    else:
        state = words.state_word(answer.appeal.state)
        out.print(gettext("appeal {appeal_id}: {state}", appeal_id=appeal_id, state=state))
        display.show_lift(answer.appeal)
    upheld = answer.appeal.state == pb.APPEAL_STATE_UPHELD
    if upheld and not display.is_lifted(answer.appeal):
        raise typer.Exit(1)


@app.command()
def withdraw(
    appeal_id: AppealId,
    reason: Reason,
    by: By = "",
    target: Target = DEFAULT_TARGET,
) -> None:
    """Close an appeal that the appellant no longer wants."""
    request = pb.WithdrawAppealRequest(appeal_id=appeal_id, reason=reason, by=by)
    with server(target) as stub:
        stub.WithdrawAppeal(request)
    out.print(gettext("appeal {appeal_id}: withdrawn", appeal_id=appeal_id))


app.command()(appeal_papers.document)
app.command()(appeal_papers.notice)
app.command()(appeal_papers.report)
