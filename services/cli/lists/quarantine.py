"""`fanzha blocklist quarantine` and `settle`: what is wrong with versions of the lists."""

from typing import Annotated

import typer
from rich.markup import escape

from fanzha.v1 import blocklist_pb2 as pb
from services.cli._common.console import err, out, print_json
from services.cli._common.options import DEFAULT_TARGET, AsJson, By, Reason, Target
from services.cli.lists import display
from services.cli.lists.options import server


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(quarantine)
    app.command()(settle)


def quarantine(target: Target = DEFAULT_TARGET, as_json: AsJson = False) -> None:
    """Show what is wrong with versions of the lists; status 1 when there is anything."""
    with server(target) as stub:
        answer = stub.GetStatus(pb.GetStatusRequest())
    if as_json:
        print_json(answer.findings)
    for one in () if as_json else answer.findings:
        kind = display.word(pb.ListFindingKind, one.kind, "LIST_FINDING_KIND_")
        done = "not applied" if one.skipped else "applied"
        rows = f", {one.rows:,} entries left out" if one.rows else ""
        out.print(f"version {one.version}: {kind}, {done}{rows}: {escape(one.why)}",
                  soft_wrap=True)  # fmt: skip
    if not as_json:
        if answer.strays:
            out.print(f"{answer.strays} records that no commit made were moved aside")
        if not answer.findings:
            out.print("nothing is wrong with the lists")
    if answer.findings:
        raise typer.Exit(1)


def settle(
    versions: Annotated[list[int], typer.Argument(help="Versions, as quarantine shows them.")],
    reason: Reason,
    by: By = "",
    target: Target = DEFAULT_TARGET,
) -> None:
    """Say that versions were dealt with; what was skipped of them stays so. Goes on record."""
    with server(target) as stub:
        for version in versions:
            request = pb.SettleFindingsRequest(version=version, reason=reason, author=by)
            stub.SettleFindings(request)
            out.print(f"version {version} is settled")


def show_alarm(answer: pb.GetStatusResponse) -> None:
    """Say on standard error that something is wrong with the lists."""
    if answer.findings:
        skipped = sum(one.skipped for one in answer.findings)
        err.print(
            f"QUARANTINE: something is wrong with {len(answer.findings):,} versions of the "
            f"lists, {skipped:,} of them not applied; fanzha blocklist quarantine",
            style="red",
            soft_wrap=True,
        )
    if answer.strays:
        err.print(
            f"STRAYS: {answer.strays:,} records that no commit made were in the store: "
            "somebody else writes to it",
            style="red",
            soft_wrap=True,
        )
