"""`fanzha cases`: the queue of a desk: the board, the next case, who has which open, scripts."""

from __future__ import annotations

from typing import Annotated

import typer

from fanzha.translation import catalogue
from fanzha.translation.catalogue import gettext
from fanzha.v1 import case_pb2 as pb
from infra.clock import now_ms
from services.cli._common.console import err, out, print_json
from services.cli._common.options import DEFAULT_WARNING_TARGET, AsJson, By, Reason, WarningTarget
from services.cli.cases import display
from services.cli.cases import options as words
from services.cli.cases.options import CaseId, server

CaseIds = Annotated[list[str], typer.Argument(help="Ids of cases, 500 at most.")]
RequiredReason = Annotated[str, typer.Option("--reason", help="Why, for the record; required.")]


def board(
    region: words.ListedRegion = "",
    count: Annotated[int, typer.Option(min=0, max=100, help="Cases of each tier.")] = 5,
    target: WarningTarget = DEFAULT_WARNING_TARGET,
    as_json: AsJson = False,
) -> None:
    """Count the open cases of each tier, and show the most urgent; people masked."""
    request = pb.GetCaseBoardRequest(region=region, cases_per_tier=count)
    with server(target) as stub:
        answer = stub.GetCaseBoard(request)
    if as_json:
        print_json(answer)
        return
    for tier in answer.tiers:
        if not (tier.tier or tier.open):
            continue
        out.print(
            gettext(
                "{tier}: {open:,} open, {overdue:,} overdue, {need_person:,} need a person",
                tier=words.name("case_tier", tier.tier) or gettext("no tier yet"),
                open=tier.open,
                overdue=tier.overdue,
                need_person=tier.need_person,
            )
        )
        if tier.cases:
            display.show_list(tier.cases, now_ms())


def next_(
    region: words.ListedRegion = "",
    tier: words.ListedTiers = None,
    fraud_type: words.ListedFraudTypes = None,
    by: By = "",
    target: WarningTarget = DEFAULT_WARNING_TARGET,
    as_json: AsJson = False,
) -> None:
    """Open the most urgent case that nobody has open; status 1 when none is free."""
    request = pb.ClaimNextCaseRequest(
        region=region,
        tiers=words.tiers(tier or ()),
        fraud_types=words.fraud_types(fraud_type or ()),
        by=by,
    )
    with server(target) as stub:
        found = stub.ClaimNextCase(request).found
    if as_json:
        print_json(found)
        return
    display.show_case(found, now_ms())


def claim(
    case_id: CaseId,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Although another person has it open.")
    ] = False,
    by: By = "",
    target: WarningTarget = DEFAULT_WARNING_TARGET,
    as_json: AsJson = False,
) -> None:
    """Open a case for yourself for two minutes; status 1 when another person has it open."""
    request = pb.ClaimCaseRequest(case_id=case_id, take_over=take_over, by=by)
    with server(target) as stub:
        answer = stub.ClaimCase(request)
    if as_json:
        print_json(answer)
    else:
        out.print(
            gettext(
                "{holder} has it open until {until_ms}",
                holder=answer.holder,
                until_ms=display.time(answer.until_ms),
            ),
            markup=False,
        )
    if not answer.claimed:
        raise typer.Exit(1)


def release(
    case_id: CaseId,
    by: By = "",
    target: WarningTarget = DEFAULT_WARNING_TARGET,
    as_json: AsJson = False,
) -> None:
    """Let others open a case that you have open."""
    with server(target) as stub:
        answer = stub.ReleaseCase(pb.ReleaseCaseRequest(case_id=case_id, by=by))
    if as_json:
        print_json({"released": answer.released})
        return
    out.print(gettext("released") if answer.released else gettext("you did not have it open"))


def skip(
    case_id: CaseId,
    reason: RequiredReason,
    by: By = "",
    target: WarningTarget = DEFAULT_WARNING_TARGET,
    as_json: AsJson = False,
) -> None:
    """Pass a case over; it is not offered to you again for half an hour."""
    with server(target) as stub:
        request = pb.SkipCaseRequest(case_id=case_id, reason=reason, by=by)
        display.tell(stub.SkipCase(request).found, as_json=as_json)


def unmask(
    case_id: CaseId,
    reason: RequiredReason,
    by: By = "",
    target: WarningTarget = DEFAULT_WARNING_TARGET,
    as_json: AsJson = False,
) -> None:
    """Show a case with whole numbers; the reason is recorded."""
    with server(target) as stub:
        request = pb.UnmaskCaseRequest(case_id=case_id, reason=reason, by=by)
        found = stub.UnmaskCase(request).found
    if as_json:
        print_json(found)
        return
    display.show_case(found, now_ms())


def assign_all(
    case_ids: CaseIds,
    region: Annotated[str, typer.Option(help="Code or name of a county, or of your city.")] = "",
    officer: Annotated[str, typer.Option(help="Officer to assign.")] = "",
    reason: Reason = "",
    by: By = "",
    target: WarningTarget = DEFAULT_WARNING_TARGET,
    as_json: AsJson = False,
) -> None:
    """Assign several cases, each by itself; status 1 when one is refused."""
    request = pb.AssignCasesRequest(
        case_ids=case_ids, region=region, officer=officer, reason=reason, by=by
    )
    with server(target) as stub:
        answer = stub.AssignCases(request)
    refused = [one for one in answer.assignments if one.refused]
    if as_json:
        print_json(answer)
    else:
        done = len(answer.assignments) - len(refused)
        out.print(gettext("{done} assigned, {refused} refused", done=done, refused=len(refused)))
        for one in refused:
            err.print(f"{one.case_id}: {one.refused}", markup=False, soft_wrap=True)
    if refused:
        raise typer.Exit(1)


_USUALLY_SPOKEN = "zh"
_Spoken = Annotated[
    str, typer.Option("--language", help="Language of the person: zh or en; empty: zh.")
]


def script(
    case_id: CaseId,
    language: _Spoken = "",
    target: WarningTarget = DEFAULT_WARNING_TARGET,
    as_json: AsJson = False,
) -> None:
    """Show what to say and ask, by the kind of fraud and the tier of a case.

    It is printed in your language, and below in that of the person where this is another one.
    """
    spoken = language or _USUALLY_SPOKEN
    with server(target) as stub:
        answer = stub.GetCallScript(pb.GetCallScriptRequest(case_id=case_id, language=spoken))
        own = answer
        if catalogue.language() != spoken and not as_json:
            request = pb.GetCallScriptRequest(case_id=case_id, language=catalogue.language())
            own = stub.GetCallScript(request)
    if as_json:
        print_json(answer)
        return
    out.print(own.text, markup=False, soft_wrap=True)
    if own is not answer:
        out.print(
            gettext("For the person, in {language}:", language=display.language_name(spoken)),
            markup=False,
        )
        out.print(answer.text, markup=False, soft_wrap=True)


def dialogue(
    case_id: CaseId,
    language: _Spoken = "",
    target: WarningTarget = DEFAULT_WARNING_TARGET,
    as_json: AsJson = False,
) -> None:
    """Show what the robot and the person said, and what the script says next."""
    spoken = language or _USUALLY_SPOKEN
    request = pb.GetRobotDialogueRequest(case_id=case_id, language=spoken)
    with server(target) as stub:
        answer = stub.GetRobotDialogue(request)
    if as_json:
        print_json(answer)
        return
    display.show_dialogue(answer, spoken)


def add_to(app: typer.Typer) -> None:
    """Add these commands to `fanzha cases`."""
    app.command("board")(board)
    app.command("next")(next_)
    app.command("claim")(claim)
    app.command("release")(release)
    app.command("skip")(skip)
    app.command("unmask")(unmask)
    app.command("assign-all")(assign_all)
    app.command("script")(script)
    app.command("dialogue")(dialogue)
