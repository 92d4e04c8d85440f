"""The channel to `WarningBackfillService`, and the progress of a backfill."""

import time
from typing import Any

import typer

from fanzha.v1 import warning_backfill_pb2 as pb
from fanzha.v1 import warning_backfill_pb2_grpc
from services.cli._common.console import err, out, progress
from services.cli._common.server import ServerOf

server = ServerOf(warning_backfill_pb2_grpc.WarningBackfillServiceStub, deadline_seconds=600.0)
"""Months of a busy log take minutes to look through."""
STATES = {
    pb.BACKFILL_STATE_RUNNING: "running",
    pb.BACKFILL_STATE_STOPPED: "stopped",
    pb.BACKFILL_STATE_DONE: "done",
}
KINDS = {
    pb.BACKFILL_KIND_NUMBER: "number",
    pb.BACKFILL_KIND_SENDER: "sender",
    pb.BACKFILL_KIND_LINK: "link",
    pb.BACKFILL_KIND_TEXT: "text",
}
CHANGE_KIND = {pb.BACKFILL_KIND_CHANGE: "entries of"}
_POLL_SECONDS = 0.5
_IDLE_SECONDS = 15.0


def follow(stub: Any, started: pb.Backfill) -> pb.Backfill:
    """Wait until a backfill ends; Ctrl-C ends the waiting, and not the backfill."""
    reached, since = started, time.monotonic()
    with progress() as bar:
        task = bar.add_task("warning", total=started.persons, note="")
        try:
            while reached.state == pb.BACKFILL_STATE_RUNNING:
                time.sleep(_POLL_SECONDS)
                answer = stub.ListBackfills(pb.ListBackfillsRequest())
                known = {one.backfill_id: one for one in answer.backfills}
                reached = known.get(started.backfill_id, reached)
                bar.update(task, completed=reached.done, note=f"{reached.done:,}")
                if not reached.done and since and time.monotonic() - since > _IDLE_SECONDS:
                    err.print("no process works on it yet: it needs a running `fanzha warn`")
                    since = 0.0
        except KeyboardInterrupt:
            err.print(
                "it goes on in the background: see fanzha warnings backfills; "
                f"--stop {started.backfill_id} stops it"
            )
            raise typer.Exit(130) from None
    return reached


def tell(done: pb.Backfill) -> None:
    """Say what became of a backfill."""
    out.print(
        f"backfill {done.backfill_id} {STATES[done.state]}: {done.done:,} of {done.persons:,} "
        f"persons; {done.opened:,} new cases, {done.joined:,} joined, {done.known:,} known before"
        + (f", {done.refused:,} refused" if done.refused else "")
    )


def counts(title: str, by: "dict[str, int]", most: int = 10) -> None:
    """Print a line of counts, the largest first; more than *most* are summed up."""
    ordered = sorted(by.items(), key=lambda one: (-one[1], one[0]))
    shown = ", ".join(f"{name} {count:,}" for name, count in ordered[:most])
    left = len(ordered) - most
    more = f", and {left} more" if left > 0 else ""
    if shown:
        out.print(f"  {title:<8} {shown}{more}", markup=False)


def named(given: "dict[str, str]") -> tuple[Any, str]:
    """Return the kind and pattern of the one option that was given."""
    chosen = [(kind, value) for kind, value in given.items() if value]
    if len(chosen) != 1:
        raise typer.BadParameter(f"one of {', '.join(f'--{kind}' for kind in given)}")
    ((word, pattern),) = chosen
    return next(kind for kind, known in KINDS.items() if known == word), pattern
