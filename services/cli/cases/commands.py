"""`fanzha cases`: the desk of a city or county, over gRPC."""

from typing import Annotated

import typer

from fanzha.v1 import case_pb2 as pb
from infra.clock import now_ms
from services.cli._common.console import err, out, print_json
from services.cli.cases import display
from services.cli.cases import options as words
from services.cli.cases.options import DEFAULT_TARGET, By, CaseId, Revision, Target, server
from services.cli.lists.options import AsJson, login
from services.cli.lists.server import as_dict
from services.cli.warnings import region_options

app = typer.Typer(
    no_args_is_help=True,
    help="Cases of people at risk, at the desk of a city or county: list, take, note, close.",
)
_PAGE = 500
_DEADLINE = words.DEADLINE_SECONDS


@app.command("list")
def list_(
    region: Annotated[
        str, typer.Option(help="Code or name of a province, city or county; empty: all you reach.")
    ] = "",
    tier: Annotated[
        list[str] | None, typer.Option(help="high 高, medium 中 or low 低; may be repeated.")
    ] = None,
    state: Annotated[
        list[str] | None,
        typer.Option(
            help="new, routed, warned, dissuading or closed; may be repeated; empty: all open ones."
        ),
    ] = None,
    officer: Annotated[str, typer.Option(help="Only what this person has.")] = "",
    fraud_type: Annotated[
        list[str] | None,
        typer.Option(help="Such as fake_loan or 虚假贷款; may be repeated."),
    ] = None,
    due: Annotated[
        str,
        typer.Option(
            help="Only what is due until then, or waits for a person: 30m, 2h, 3d, or a local time."
        ),
    ] = "",
    overdue: Annotated[
        bool, typer.Option("--overdue", help="Only what is overdue, or waits for a person.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="Most cases shown.")] = 50,
    target: Target = DEFAULT_TARGET,
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
        due_before_ms=words.ahead_ms(due, now, "--due"),
        overdue_only=overdue,
    )
    found: list[pb.Case] = []
    cut_short = False
    with server(target) as stub:
        while True:
            request.page_size = min(limit - len(found), _PAGE)
            answer = stub.ListCases(request, timeout=_DEADLINE)
            found += answer.cases
            request.page_token, cut_short = answer.next_page_token, answer.cut_short
            if not request.page_token or cut_short or len(found) >= limit:
                break
    if as_json:
        print_json(
            {
                "cases": [as_dict(one) for one in found],
                "more": bool(request.page_token),
                "cut_short": cut_short,
            }
        )
        return
    display.show_list(found, now)
    if cut_short:
        more = "; very many did not fit and were looked at: ask for less, such as one region"
    else:
        more = "; there are more" if request.page_token else ""
    out.print(f"{len(found)} shown{more}")
    if not found and (unsure := region_options.doubt(region)):
        err.print(unsure, markup=False)


@app.command()
def show(case_id: CaseId, target: Target = DEFAULT_TARGET, as_json: AsJson = False) -> None:
    """Show a case and what it rests on; that you saw the whole number goes on record."""
    with server(target) as stub:
        found = stub.GetCase(pb.GetCaseRequest(case_id=case_id), timeout=_DEADLINE).found
    if as_json:
        print_json(as_dict(found))
        return
    display.show_case(found, now_ms())


@app.command()
def history(case_id: CaseId, target: Target = DEFAULT_TARGET, as_json: AsJson = False) -> None:
    """Show all that happened to a case, oldest first."""
    request, events = pb.GetCaseHistoryRequest(case_id=case_id), list[pb.CaseEvent]()
    with server(target) as stub:
        while True:
            answer = stub.GetCaseHistory(request, timeout=_DEADLINE)
            events += answer.events
            request.after = answer.next_after
            if not request.after:
                break
    if as_json:
        print_json([as_dict(one) for one in events])
        return
    display.show_history(events)


@app.command()
def assign(
    case_id: CaseId,
    region: Annotated[
        str, typer.Option(help="Code or name of a county, or of your city to give it back.")
    ] = "",
    officer: Annotated[str, typer.Option(help="Who shall deal with it.")] = "",
    reason: Annotated[str, typer.Option(help="Why; goes on record.")] = "",
    revision: Revision = None,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Give a case to a county, to an officer, or both."""
    request = pb.AssignCaseRequest(
        case_id=case_id,
        region=region,
        officer=officer,
        reason=reason,
        revision=revision,
        by=by or login(),
    )
    with server(target) as stub:
        _tell(stub.AssignCase(request, timeout=_DEADLINE).found, as_json=as_json)


@app.command()
def take(
    case_id: CaseId,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Take it from somebody who has it.")
    ] = False,
    revision: Revision = None,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Take a case; the plan of its tier then waits for you."""
    request = pb.TakeCaseRequest(
        case_id=case_id, take_over=take_over, revision=revision, by=by or login()
    )
    with server(target) as stub:
        _tell(stub.TakeCase(request, timeout=_DEADLINE).found, as_json=as_json)


@app.command()
def note(
    case_id: CaseId,
    text: Annotated[str, typer.Argument(help="What to write down, in quotation marks.")] = "",
    unreached: Annotated[
        bool,
        typer.Option(
            "--unreached",
            help="The person could not be reached: take the next step at once, or raise the case.",
        ),
    ] = False,
    due: Annotated[
        str, typer.Option(help="By when the next thing happens: 30m, 2h, 3d, or a local time.")
    ] = "",
    revision: Revision = None,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Write something down, also about a closed case."""
    request = pb.NoteCaseRequest(
        case_id=case_id,
        text=text,
        unreached=unreached,
        due_at_ms=words.ahead_ms(due, now_ms(), "--due"),
        revision=revision,
        by=by or login(),
    )
    with server(target) as stub:
        _tell(stub.NoteCase(request, timeout=_DEADLINE).found, as_json=as_json)


@app.command()
def close(
    case_id: CaseId,
    outcome: Annotated[
        str,
        typer.Argument(
            help="safe 劝阻成功, lost_money 已受骗, unreachable 联系不上, false_alarm 误报 or "
            "duplicate 重复."
        ),
    ],
    reason: Annotated[str, typer.Option(help="Why; required for a false alarm.")] = "",
    lost: Annotated[
        str, typer.Option(help="Of lost money: how much, in yuan, such as 12000.50.")
    ] = "",
    lost_to: Annotated[
        list[str] | None,
        typer.Option(
            help="Of lost money: what took it, such as account:6222… or number:+8619900000001; "
            "may be repeated."
        ),
    ] = None,
    duplicate_of: Annotated[
        str, typer.Option(help="Of a duplicate: id of the other case of the same person.")
    ] = "",
    revision: Revision = None,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Close a case with its outcome; it stays closed."""
    request = pb.CloseCaseRequest(
        case_id=case_id,
        outcome=words.outcome(outcome),
        reason=reason,
        lost_fen=words.fen(lost),
        lost_to=words.took(lost_to or ()),
        duplicate_of=duplicate_of,
        revision=revision,
        by=by or login(),
    )
    with server(target) as stub:
        _tell(stub.CloseCase(request, timeout=_DEADLINE).found, as_json=as_json)


def _tell(case: pb.Case, *, as_json: bool) -> None:
    """Say how a case stands after a change."""
    if as_json:
        print_json(as_dict(case))
        return
    said = [
        f"case {case.case_id}",
        words.name(words.OUTCOMES, case.outcome) or words.name(words.STATES, case.state),
        display.region(case),
        case.officer,
        display.due(case, now_ms()),
        f"revision {case.revision}",
    ]
    out.print(", ".join(filter(None, said)), markup=False, soft_wrap=True)
