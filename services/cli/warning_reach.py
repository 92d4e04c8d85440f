"""`fanzha warnings reach`, `reaches`: warn whom something confirmed reached before it was known."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.table import Table

from blocklists.importers import words as list_words
from fanzha.client import channels
from fanzha.v1 import warning_reach_pb2 as pb
from fanzha.v1 import warning_reach_pb2_grpc
from services.cli.console import err, one_sentence, out, print_json, progress
from services.cli.list_server import as_dict
from services.cli.list_words import DEFAULT_TARGET, AsJson, Author, Target, enum, login
from services.cli.moments import written
from services.warning.policy.places import places

_LOOK_SECONDS = 600.0
"""Months of a busy log take minutes to look through."""
_DEADLINE_SECONDS = 10.0
_POLL_SECONDS = 0.5
_IDLE_SECONDS = 15.0
_SHOWN = 10
_WIDE = 200
_DRY = typer.Option("--dry-run", help="Only count.")
_STATES = {
    pb.REACH_STATE_RUNNING: "running",
    pb.REACH_STATE_STOPPED: "stopped",
    pb.REACH_STATE_DONE: "done",
}
_KINDS = {
    pb.REACH_KIND_NUMBER: "number",
    pb.REACH_KIND_SENDER: "sender",
    pb.REACH_KIND_LINK: "link",
    pb.REACH_KIND_TEXT: "text",
}


def reach(
    number: Annotated[
        str, typer.Option(help="A number, code or range: who was called, wrote or called back.")
    ] = "",
    sender: Annotated[str, typer.Option(help="A sender of texts; may be a name.")] = "",
    link: Annotated[str, typer.Option(help="A link or host, with all below it.")] = "",
    text: Annotated[str, typer.Option(help="A text, or its fingerprint.")] = "",
    days: Annotated[int, typer.Option(min=1, max=180, help="How many days back.")] = 7,
    rate: Annotated[int, typer.Option(min=1, max=500, help="Persons a second, at most.")] = 20,
    fraud_type: Annotated[
        str, typer.Option(help="Kind of fraud, such as fake_loan or 虚假贷款; empty: not known.")
    ] = "",
    dry_run: Annotated[bool, _DRY] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    author: Author = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Warn everybody whom a number, sender, link or text reached, the most exposed first.

    Counts first, and asks. What was blocked reached nobody. It goes on in the background when this
    command ends; started again, it takes nobody in twice.
    """
    subject = _subject({"number": number, "sender": sender, "link": link, "text": text}, days)
    kind: Any = enum(fraud_type, list_words.read_fraud_type, "--fraud-type") if fraud_type else 0
    with _server(target) as stub, progress(bar=False) as bar:
        bar.add_task("looking through the decision log", total=None, note="")
        asked = pb.PreviewReachRequest(subject=subject)
        found = stub.PreviewReach(asked, timeout=_LOOK_SECONDS)
    if not as_json:
        _show(found, rate)
    if dry_run or not found.persons:
        if as_json:
            print_json(as_dict(found))
        return
    if not yes and not typer.confirm(f"warn {found.persons:,} persons?", err=True):
        raise typer.Exit(1)
    request = pb.StartReachRequest(
        subject=subject, rate=rate, fraud_type=kind, started_by=author or login()
    )
    with _server(target) as stub:
        started = stub.StartReach(request, timeout=_LOOK_SECONDS).reach
        done = _follow(stub, started)
    if as_json:
        print_json({"preview": as_dict(found), "reach": as_dict(done)})
    else:
        _told(done)


def reaches(
    stop: Annotated[str, typer.Option(help="Stop the reach with this id.")] = "",
    author: Author = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """List reaches, the newest first, or stop one; who was warned stays warned."""
    with _server(target) as stub:
        if stop:
            request = pb.StopReachRequest(reach_id=stop, stopped_by=author or login())
            found = [stub.StopReach(request, timeout=_DEADLINE_SECONDS).reach]
        else:
            answer = stub.ListReaches(pb.ListReachesRequest(), timeout=_DEADLINE_SECONDS)
            found = list(answer.reaches)
    if as_json:
        print_json([as_dict(one) for one in found])
        return
    heads = ("id", "what", "days", "state", "done", "opened", "joined", "known", "by", "started")
    table = Table(*heads, box=None)
    for one in found:
        table.add_row(
            one.reach_id,
            f"{_KINDS[one.subject.kind]} {one.subject.pattern[:40]}",
            str(one.subject.days),
            _STATES[one.state],
            f"{one.done:,}/{one.persons:,}",
            *(f"{count:,}" for count in (one.opened, one.joined, one.known)),
            one.started_by,
            written(one.started_at_ms),
        )
    # What is read by a program, or by a page, need not fit a window.
    width = None if out.is_terminal else _WIDE
    out.print(table if found else "nothing was reached back to", width=width)


def _subject(given: Mapping[str, str], days: int) -> pb.ReachSubject:
    named = [(kind, value) for kind, value in given.items() if value]
    if len(named) != 1:
        raise typer.BadParameter("one of --number, --sender, --link, --text")
    ((word, pattern),) = named
    subject = pb.ReachSubject(pattern=pattern, days=days)
    subject.kind = next(kind for kind, known in _KINDS.items() if known == word)
    return subject


def _show(found: pb.PreviewReachResponse, rate: int) -> None:
    least = "at least " if found.lower_bound else ""
    out.print(
        f"{_KINDS[found.subject.kind]} {found.subject.pattern}: {least}{found.persons:,} persons "
        f"reached in {found.subject.days} days",
        markup=False,
    )
    why = "; of what is let through the log keeps a sample" if found.lower_bound else ""
    out.print(f"  {found.logged:,} logged decisions, which stand for {found.events:,}{why}")
    out.print(
        f"  {found.blocked:,} blocked, of {found.blocked_persons:,} persons: these reached nobody"
    )
    if found.nobody:
        out.print(f"  {found.nobody:,} let through to who is no person, and passed over")
    begins = f"has something since {written(found.covers_from_ms)}"
    out.print(f"  the log {begins if found.covers_from_ms else 'has nothing of these days'}")
    if found.torn:
        out.print(f"  {found.torn} segments of the log cannot be read")
    if found.left_out:
        out.print(f"  about {found.left_out:,} persons, the least exposed, are left out: too many")
    for title, counts in (
        ("exposure", found.by_exposure),
        ("channel", found.by_channel),
        (
            "region",
            {places().name(name) or "not known": by for name, by in found.by_region.items()},
        ),
        ("day", found.by_day),
    ):
        _counts(title, counts)
    if found.persons:
        seconds = -(-found.persons // rate)
        out.print(f"takes {seconds:,} s or more, at {rate} persons a second")


def _counts(title: str, counts: Mapping[str, int]) -> None:
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    shown = ", ".join(f"{name} {by:,}" for name, by in ordered[:_SHOWN])
    left = len(ordered) - _SHOWN
    more = f", and {left} more" if left > 0 else ""
    if shown:
        out.print(f"  {title:<8} {shown}{more}", markup=False)


def _follow(stub: Any, started: pb.Reach) -> pb.Reach:
    """Wait until a reach ends; Ctrl-C ends the waiting, and not the reach."""
    reached, since = started, time.monotonic()
    with progress() as bar:
        task = bar.add_task("warning", total=started.persons, note="")
        try:
            while reached.state == pb.REACH_STATE_RUNNING:
                time.sleep(_POLL_SECONDS)
                answer = stub.ListReaches(pb.ListReachesRequest(), timeout=_DEADLINE_SECONDS)
                known = {one.reach_id: one for one in answer.reaches}
                reached = known.get(started.reach_id, reached)
                bar.update(task, completed=reached.done, note=f"{reached.done:,}")
                if not reached.done and since and time.monotonic() - since > _IDLE_SECONDS:
                    err.print("nobody works on it yet: it takes a running `fanzha warn`")
                    since = 0.0
        except KeyboardInterrupt:
            err.print(f"it goes on: fanzha warnings reaches; --stop {started.reach_id} ends it")
            raise typer.Exit(130) from None
    return reached


def _told(done: pb.Reach) -> None:
    out.print(
        f"reach {done.reach_id} {_STATES[done.state]}: {done.done:,} of {done.persons:,} persons; "
        f"{done.opened:,} new cases, {done.joined:,} joined, {done.known:,} known before"
        + (f", {done.refused:,} refused" if done.refused else "")
    )


@contextmanager
def _server(target: str) -> Iterator[Any]:
    with one_sentence(target), channels.blocking(target) as channel:
        yield warning_reach_pb2_grpc.WarningReachServiceStub(channel)
