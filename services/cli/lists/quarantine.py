"""`fanzha blocklist quarantine` and `settle`: what is wrong with versions of the lists."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from fanzha.translation.catalogue import gettext
from fanzha.v1 import blocklist_pb2 as pb
from services.cli._common.console import err, out, print_json
from services.cli._common.enum_words import shown_word
from services.cli._common.options import DEFAULT_TARGET, AsJson, By, Reason, Target
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
        kind = shown_word(pb.ListFindingKind, one.kind)
        done = gettext("not applied") if one.skipped else gettext("applied")
        rows = gettext(", {rows:,} entries left out", rows=one.rows) if one.rows else ""
        out.print(
            gettext(
                "version {version}: {kind}, {done}{rows}: {why}",
                version=one.version,
                kind=kind,
                done=done,
                rows=rows,
                why=escape(one.why),
            ),
            soft_wrap=True,
        )
    if not as_json:
        if answer.strays:
            out.print(
                gettext(
                    "{strays} records that no commit made were moved aside", strays=answer.strays
                )
            )
        if not answer.findings:
            out.print(gettext("nothing is wrong with the lists"))
    if answer.findings:
        raise typer.Exit(1)


def settle(
    versions: Annotated[list[int], typer.Argument(help="Versions, as quarantine shows them.")],
    reason: Reason,
    by: By = "",
    target: Target = DEFAULT_TARGET,
) -> None:
    """Mark versions as dealt with; what was skipped of them stays skipped. It is recorded."""
    with server(target) as stub:
        for version in versions:
            request = pb.SettleFindingsRequest(version=version, reason=reason, author=by)
            stub.SettleFindings(request)
            out.print(gettext("version {version} is settled", version=version))


def show_alarm(answer: pb.GetStatusResponse) -> None:
    """Say on standard error that something is wrong with the lists."""
    if answer.findings:
        skipped = sum(one.skipped for one in answer.findings)
        err.print(
            gettext(
                "QUARANTINE: something is wrong with {findings:,} versions of the lists, "
                "{skipped:,} of them not applied; fanzha blocklist quarantine",
                findings=len(answer.findings),
                skipped=skipped,
            ),
            style="red",
            soft_wrap=True,
        )
    if answer.strays:
        err.print(
            gettext(
                "STRAYS: {strays:,} records that no commit made were in the store: somebody "
                "else writes to it",
                strays=answer.strays,
            ),
            style="red",
            soft_wrap=True,
        )
