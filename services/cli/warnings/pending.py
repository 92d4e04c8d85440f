"""`fanzha warnings backfill list|show|start|drop`: pending backfills."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from blocklists import entries as list_entries
from fanzha.translation.catalogue import gettext
from fanzha.v1 import decision_pb2
from fanzha.v1 import warning_backfill_pb2 as pb
from services.cli._common.confirmation import agree
from services.cli._common.console import out, print_json, progress
from services.cli._common.enum_words import LazyTable, enum_word, shown_word
from services.cli._common.options import DEFAULT_TARGET, AsJson, By, Reason, Target, Yes
from services.cli._common.plain_text import padded
from services.cli._common.tables import RowTable
from services.cli._common.time_arguments import last_day, written
from services.cli.warnings import backfill_server

STATES = LazyTable(
    lambda: {
        pb.PENDING_BACKFILL_STATE_PENDING: "pending",
        pb.PENDING_BACKFILL_STATE_STARTED: "started",
        pb.PENDING_BACKFILL_STATE_DROPPED: "dropped",
        pb.PENDING_BACKFILL_STATE_WITHDRAWN: "withdrawn",
        pb.PENDING_BACKFILL_STATE_NO_RECIPIENTS: "no_recipients",
        pb.PENDING_BACKFILL_STATE_TOO_LARGE: "too_large",
    }
)
_TIERS = ("high", "medium", "low")
_SHOWN = 20
_MINUTE_MS = 60_000
_ID = typer.Argument(metavar="ID", help="Id of the backfill, as `list` shows it.")


def list_pending(
    everything: Annotated[
        bool, typer.Option("--all", help="Also those no longer pending, the newest first.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="Most rows shown.")] = 100,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """List pending backfills: changes of the lists, and how many persons their entries reached."""
    request = pb.ListPendingBackfillsRequest(all=everything, page_size=limit)
    with backfill_server.server(target) as stub:
        answer = stub.ListPendingBackfills(request)
    if as_json:
        print_json(answer.backfills)
    elif not answer.backfills:
        out.print(
            gettext("no pending backfills") if not everything else gettext("no backfills yet")
        )
    else:
        _table(answer.backfills)


def show(
    backfill_id: Annotated[str, _ID],
    count: Annotated[bool, typer.Option("--count", help="Count anew first.")] = False,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Show a pending backfill: entries, their author, and the persons they reached by tier."""
    one = _get(backfill_id, target, count=count)
    if as_json:
        print_json(one)
    else:
        _show(one)


def start(
    backfill_id: Annotated[str, _ID],
    rate: Annotated[int, typer.Option(min=1, max=500, help="Persons a second, at most.")] = 20,
    yes: Yes = False,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Count anew, ask, and warn everyone, the most exposed first."""
    one = _get(backfill_id, target, count=True)
    if not as_json:
        _show(one)
    ask = one.state == pb.PENDING_BACKFILL_STATE_PENDING and not yes
    agree(gettext("Warn {persons} persons?", persons=f"{one.count.persons:,}"), yes=not ask)
    request = pb.StartPendingBackfillRequest(backfill_id=backfill_id, rate=rate, started_by=by)
    with backfill_server.server(target) as stub:
        answer = stub.StartPendingBackfill(request)
        done = backfill_server.follow(stub, answer.backfill)
    if as_json:
        print_json({"pending": one, "backfill": done})
    else:
        backfill_server.tell(done)


def drop(
    backfill_id: Annotated[str, _ID],
    reason: Reason,
    yes: Yes = False,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Drop a pending backfill. Its entries stay on the list."""
    if not yes:
        _show(_get(backfill_id, target, count=False))
    question = gettext("Drop backfill {backfill}, and warn nobody?", backfill=backfill_id)
    agree(question, yes=yes)
    request = pb.DropPendingBackfillRequest(backfill_id=backfill_id, reason=reason, dropped_by=by)
    with backfill_server.server(target) as stub:
        answer = stub.DropPendingBackfill(request)
    if as_json:
        print_json(answer.backfill)
    else:
        out.print(f"{backfill_id}: {_state(answer.backfill)}")


def _get(backfill_id: str, target: str, *, count: bool) -> pb.PendingBackfill:
    request = pb.GetPendingBackfillRequest(backfill_id=backfill_id, count=count)
    with backfill_server.server(target) as stub, progress(bar=False) as bar:
        if count:
            bar.add_task(gettext("looking through the decision log"), total=None, note="")
        answer = stub.GetPendingBackfill(request)
    backfill: pb.PendingBackfill = answer.backfill
    return backfill


def _table(backfills: Iterable[pb.PendingBackfill]) -> None:
    table = RowTable()
    for head in ("id", "state", "what", "persons", "tiers", "effective", "listed by"):
        table.add_column(gettext(head), prose=head in ("state", "what", "persons", "tiers"))
    for one in backfills:
        table.add_row(
            one.backfill_id,
            _state(one),
            _what(one),
            _persons(one),
            _tiers(one.count),
            written(one.effective_at_ms),
            _listed_by(one),
        )
    table.print()


def _show(one: pb.PendingBackfill) -> None:
    change = gettext(", change {change_id}", change_id=one.change_id) if one.change_id else ""
    out.print(
        gettext("backfill {backfill_id}: {one}", backfill_id=one.backfill_id, one=_state(one)),
        markup=False,
    )
    _line(
        "effective",
        gettext(
            "{effective_at_ms}, version {list_version} of the lists{change}",
            effective_at_ms=written(one.effective_at_ms),
            list_version=one.list_version,
            change=change,
        ),
    )
    _line("listed by", _listed_by(one))
    for entry in one.entries[:_SHOWN]:
        _show_entry(entry)
    if len(one.entries) > _SHOWN:
        _line("entry", gettext("and {entries:,} more", entries=len(one.entries) - _SHOWN))
    if one.effective_count > len(one.entries):
        others = one.effective_count - len(one.entries)
        _line(
            "entries",
            gettext("{others:,} more became effective and are not part of it", others=others),
        )
    _line(
        "reached",
        gettext(
            "{one}, in {days} days before it became effective, and since",
            one=_persons(one),
            days=one.days,
        ),
    )
    if one.HasField("count"):
        _counted(one.count)
    if one.ended_at_ms:
        by = gettext(" by {ended_by}", ended_by=one.ended_by) if one.ended_by else ""
        _line("ended", f"{written(one.ended_at_ms)}{by}{': ' if one.why else ''}{one.why}")


def _show_entry(entry: Any) -> None:
    fraud = shown_word(decision_pb2.FraudType, entry.fraud_type)
    campaign = gettext(", campaign {campaign}", campaign=entry.campaign) if entry.campaign else ""
    kind = backfill_server.kind_word(entry.kind)
    ends = (
        gettext("no end")
        if entry.expires_at_s == list_entries.NO_END_S
        else gettext("ends {expires_at_s}", expires_at_s=last_day(entry.expires_at_s))
    )
    _line("entry", f"{kind} {entry.pattern}: {fraud}{campaign}, {ends}")


def _counted(count: pb.PendingBackfillCount) -> None:
    _line("counted", written(count.counted_at_ms))
    if count.lower_bound:
        _line("", gettext("of what is let through the log keeps a sample: there may be more"))
    begins = gettext(
        "has something since {covers_from_ms}", covers_from_ms=written(count.covers_from_ms)
    )
    _line(
        "",
        gettext(
            "the log {begins}",
            begins=begins if count.covers_from_ms else gettext("has nothing of these days"),
        ),
    )
    _left_out(count)
    backfill_server.counts("exposure", dict(count.by_exposure))
    some = (
        gettext(" (of {judged:,} judged)", judged=count.judged)
        if count.judged < count.persons
        else ""
    )
    if count.by_tier:
        _line("tiers", gettext("{count}{some}, as new cases", count=_tiers(count), some=some))


def _left_out(count: pb.PendingBackfillCount) -> None:
    if count.left_out:
        _line(
            "",
            gettext(
                "about {left_out:,}, the least exposed, are left out: too many",
                left_out=count.left_out,
            ),
        )
    if count.torn:
        _line("", gettext("{torn} segments of the log cannot be read", torn=count.torn))
    if count.uncounted:
        _line(
            "",
            gettext(
                "{uncounted} entries could not be searched: {why}",
                uncounted=count.uncounted,
                why=count.why,
            ),
        )


def _state(one: pb.PendingBackfill) -> str:
    return enum_word("pending_backfill_state", STATES[one.state])


def _what(one: pb.PendingBackfill) -> str:
    if len(one.entries) == 1:
        only = one.entries[0]
        return f"{backfill_server.kind_word(only.kind)} {only.pattern}"
    change = gettext(" of change {change_id}", change_id=one.change_id) if one.change_id else ""
    return gettext(
        "{effective_count:,} entries{change}", effective_count=one.effective_count, change=change
    )


def _persons(one: pb.PendingBackfill) -> str:
    if not one.HasField("count"):
        return (
            gettext("not counted")
            if one.state == pb.PENDING_BACKFILL_STATE_TOO_LARGE
            else gettext("not counted yet")
        )
    least = one.count.lower_bound or not one.count.complete
    return gettext(
        "{value}{persons:,} persons",
        value=gettext("at least ") if least else "",
        persons=one.count.persons,
    )


def _tiers(count: pb.PendingBackfillCount) -> str:
    return ", ".join(
        f"{enum_word('case_tier', tier)} {count.by_tier[tier]:,}"
        for tier in _TIERS
        if tier in count.by_tier
    )


def _listed_by(one: pb.PendingBackfill) -> str:
    return (
        gettext(
            "{listed_by}, approved by {approved_by}",
            listed_by=one.listed_by,
            approved_by=one.approved_by,
        )
        if one.approved_by
        else one.listed_by
    )


def _line(head: str, text: str) -> None:
    out.print(f"  {padded(gettext(head), 9)} {text}", markup=False)
