"""`fanzha warnings suspected`: confirm what models suspected of one thing, for many at once."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from blocklists.importers import vocabulary as list_words
from fanzha.translation.catalogue import gettext, gettext_noop
from fanzha.v1 import warning_backfill_pb2 as pb
from services.cli._common.confirmation import agree
from services.cli._common.console import out, print_json, progress
from services.cli._common.options import DEFAULT_TARGET, AsJson, By, DryRun, Note, Target, Yes, enum
from services.cli.warnings import backfill_server

_WHY = {
    "old": gettext_noop("too old to warn of (warning_max_age_hours)"),
    "spam": gettext_noop("advertising, which is no fraud"),
    "no_victim": gettext_noop("no person at risk has a number"),
}


_FraudType = Annotated[
    str, typer.Option(help="Kind of fraud, such as fake_loan or 虚假贷款; empty: as decided.")
]


def suspected(
    number: Annotated[str, typer.Option(help="A number, code or range that called or wrote.")] = "",
    sender: Annotated[str, typer.Option(help="A sender of texts; may be a name.")] = "",
    link: Annotated[str, typer.Option(help="A link or host, with all below it.")] = "",
    fraud_type: _FraudType = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    note: Note = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Confirm all hits of a number, sender or link that models suspected: each becomes a case.

    Counts first, and asks for confirmation. Hits with a verdict are left alone. If interrupted, run
    it again to continue: nothing is confirmed twice.
    """
    kind, pattern = backfill_server.named({"number": number, "sender": sender, "link": link})
    fraud: Any = enum(fraud_type, list_words.read_fraud_type, "--fraud-type") if fraud_type else 0
    found = _preview(pb.PreviewSuspectsRequest(kind=kind, pattern=pattern), target)
    if not as_json:
        _show(found)
    if dry_run or not found.hits:
        if as_json:
            print_json(found)
        return
    agree(_question(found), yes=yes)
    request = pb.ConfirmSuspectsRequest(
        kind=kind, pattern=pattern, until_place=found.until_place, fraud_type=fraud,
        note=note, confirmed_by=by,
    )  # fmt: skip
    confirmed, before = _confirmed(request, found.hits, target)
    if as_json:
        print_json({"preview": found, "confirmed": confirmed, "before": before})
        return
    others = gettext("; {before:,} by others meanwhile", before=before) if before else ""
    out.print(gettext("{confirmed:,} hits confirmed{others}", confirmed=confirmed, others=others))


def _question(found: pb.PreviewSuspectsResponse) -> str:
    return gettext(
        "Confirm {hits} hits, which warn {persons} persons?",
        hits=f"{found.hits:,}",
        persons=f"{found.persons:,}",
    )


def _preview(request: pb.PreviewSuspectsRequest, target: str) -> pb.PreviewSuspectsResponse:
    with backfill_server.server(target) as stub, progress(bar=False) as bar:
        bar.add_task(gettext("reading what models suspected"), total=None, note="")
        found: pb.PreviewSuspectsResponse = stub.PreviewSuspects(request)
    return found


def _confirmed(request: pb.ConfirmSuspectsRequest, hits: int, target: str) -> tuple[int, int]:
    """Confirm in parts; return the number, and the number that others had confirmed."""
    confirmed = before = 0
    with backfill_server.server(target) as stub, progress() as bar:
        task = bar.add_task(gettext("confirming"), total=hits, note="")
        while True:
            done = stub.ConfirmSuspects(request)
            confirmed += done.hits
            before += done.before
            bar.update(task, completed=confirmed + before, note=f"{confirmed:,}")
            if not done.next_place:
                return confirmed, before
            request.place = done.next_place


def _show(found: pb.PreviewSuspectsResponse) -> None:
    out.print(
        gettext(
            "{pattern}: {hits:,} suspected hits, {persons:,} persons at risk",
            pattern=found.pattern,
            hits=found.hits,
            persons=found.persons,
        ),
        markup=False,
    )
    backfill_server.counts("channel", dict(found.by_channel))
    backfill_server.counts("reason", dict(found.by_reason))
    if found.dismissed:
        out.print(
            gettext("  {dismissed:,} dismissed earlier: left alone", dismissed=found.dismissed)
        )
    if found.confirmed:
        out.print(gettext("  {confirmed:,} confirmed before", confirmed=found.confirmed))
    for why, hits in sorted(found.left_out.items()):
        out.print(gettext("  {hits:,} left out: {why}", hits=hits, why=gettext(_WHY.get(why, why))))
