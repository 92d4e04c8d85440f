"""`fanzha warnings backfill`, `backfills`: warn the persons that fraud reached before a block."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from blocklists.importers import vocabulary as list_words
from fanzha.translation.catalogue import gettext, gettext_noop
from fanzha.v1 import warning_backfill_pb2 as pb
from services.cli._common.confirmation import agree
from services.cli._common.console import out, print_json, progress
from services.cli._common.options import DEFAULT_TARGET, AsJson, By, DryRun, Target, Yes, enum
from services.cli._common.tables import RowTable
from services.cli._common.time_arguments import written
from services.cli.warnings import backfill_server, pending
from services.cli.warnings.backfill_server import kind_word, state_word
from services.warning.policy.places import places

app = typer.Typer()
app.command("list")(pending.list_pending)
app.command()(pending.show)
app.command()(pending.start)
app.command()(pending.drop)


_Number = Annotated[
    str, typer.Option(help="A number, code or range: who was called, wrote or called back.")
]
_FraudType = Annotated[
    str, typer.Option(help="Kind of fraud, such as fake_loan or 虚假贷款; empty: not known.")
]


@app.callback(invoke_without_command=True)
def backfill(
    context: typer.Context,
    number: _Number = "",
    sender: Annotated[str, typer.Option(help="A sender of texts; may be a name.")] = "",
    link: Annotated[str, typer.Option(help="A link or host, with all below it.")] = "",
    text: Annotated[str, typer.Option(help="A text, or its fingerprint.")] = "",
    days: Annotated[int, typer.Option(min=1, max=180, help="How many days back.")] = 7,
    rate: Annotated[int, typer.Option(min=1, max=500, help="Persons a second, at most.")] = 20,
    fraud_type: _FraudType = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Warn everyone whom a number, sender, link or text reached, the most exposed first.

    Counts the persons and asks before it starts. The backfill runs in the background and goes on
    when this command ends. Starting it again takes no person in twice. Entries that begin to block
    get a pending backfill by themselves: the subcommands list, show, start and drop those.
    """
    if context.invoked_subcommand:
        return
    subject = _subject({"number": number, "sender": sender, "link": link, "text": text}, days)
    kind: Any = enum(fraud_type, list_words.read_fraud_type, "--fraud-type") if fraud_type else 0
    found = _preview(pb.PreviewBackfillRequest(subject=subject), target)
    if not as_json:
        _show(found, rate)
    elif dry_run or not found.persons:
        print_json(found)
    if dry_run or not found.persons:
        return
    agree(gettext("Warn {persons} persons?", persons=f"{found.persons:,}"), yes=yes)
    request = pb.StartBackfillRequest(subject=subject, rate=rate, fraud_type=kind, started_by=by)
    with backfill_server.server(target) as stub:
        done = backfill_server.follow(stub, stub.StartBackfill(request).backfill)
    if as_json:
        print_json({"preview": found, "backfill": done})
    else:
        backfill_server.tell(done)


def _preview(request: pb.PreviewBackfillRequest, target: str) -> pb.PreviewBackfillResponse:
    with backfill_server.server(target) as stub, progress(bar=False) as bar:
        bar.add_task(gettext("looking through the decision log"), total=None, note="")
        found: pb.PreviewBackfillResponse = stub.PreviewBackfill(request)
    return found


def backfills(
    stop: Annotated[str, typer.Option(help="Stop the backfill with this id.")] = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """List backfills, the newest first, or stop one. Warnings already sent stay sent."""
    with backfill_server.server(target) as stub:
        if stop:
            request = pb.StopBackfillRequest(backfill_id=stop, stopped_by=by)
            found = [stub.StopBackfill(request).backfill]
        else:
            answer = stub.ListBackfills(pb.ListBackfillsRequest())
            found = list(answer.backfills)
    if as_json:
        print_json(found)
        return
    table = RowTable()
    for head in (
        *("id", "what", "days", "state", "done", "opened", "joined", "known", "by", "started"),
    ):
        table.add_column(gettext(head))
    for one in found:
        table.add_row(
            one.backfill_id,
            f"{kind_word(one.subject.kind)} {one.subject.pattern[:40]}",
            str(one.subject.days),
            state_word(one.state),
            f"{one.done:,}/{one.persons:,}",
            *(f"{count:,}" for count in (one.opened, one.joined, one.known)),
            one.started_by,
            written(one.started_at_ms),
        )
    if found:
        table.print()
    else:
        out.print(gettext("no backfills"))


def _subject(given: dict[str, str], days: int) -> pb.BackfillSubject:
    kind, pattern = backfill_server.named(given)
    return pb.BackfillSubject(kind=kind, pattern=pattern, days=days)


def _show(found: pb.PreviewBackfillResponse, rate: int) -> None:
    least = gettext("at least ") if found.lower_bound else ""
    out.print(
        gettext(
            "{kinds} {pattern}: {least}{persons:,} persons reached in {days} days",
            kinds=kind_word(found.subject.kind),
            pattern=found.subject.pattern,
            least=least,
            persons=found.persons,
            days=found.subject.days,
        ),
        markup=False,
    )
    _show_decisions(found)
    begins = gettext(
        "has something since {covers_from_ms}", covers_from_ms=written(found.covers_from_ms)
    )
    out.print(
        gettext(
            "  the log {begins}",
            begins=begins if found.covers_from_ms else gettext("has nothing of these days"),
        )
    )
    _show_left_out(found)
    _show_counts(found)
    if found.persons:
        seconds = -(-found.persons // rate)
        out.print(
            gettext(
                "takes {seconds:,} s or more, at {rate} persons a second",
                seconds=seconds,
                rate=rate,
            )
        )


def _show_decisions(found: pb.PreviewBackfillResponse) -> None:
    why = gettext("; of what is let through the log keeps a sample") if found.lower_bound else ""
    out.print(
        gettext(
            "  {logged:,} logged decisions, which stand for {events:,}{why}",
            logged=found.logged,
            events=found.events,
            why=why,
        )
    )
    out.print(
        gettext(
            "  {blocked:,} blocked, of {blocked_persons:,} persons: these reached no one",
            blocked=found.blocked,
            blocked_persons=found.blocked_persons,
        )
    )
    if found.non_persons:
        out.print(
            gettext(
                "  {non_persons:,} let through to parties that are not persons, ignored",
                non_persons=found.non_persons,
            )
        )


def _show_counts(found: pb.PreviewBackfillResponse) -> None:
    for title, counts in (
        (gettext_noop("exposure"), found.by_exposure),
        (gettext_noop("channel"), found.by_channel),
        (
            gettext_noop("region"),
            {
                places().name(name) or gettext("not known"): by
                for name, by in found.by_region.items()
            },
        ),
        (gettext_noop("day"), found.by_day),
    ):
        backfill_server.counts(title, dict(counts))


def _show_left_out(found: pb.PreviewBackfillResponse) -> None:
    if found.torn:
        out.print(gettext("  {torn} segments of the log cannot be read", torn=found.torn))
    if found.left_out:
        out.print(
            gettext(
                "  about {left_out:,} persons, the least exposed, are left out: too many",
                left_out=found.left_out,
            )
        )
