"""The channel to `WarningBackfillService`, and the progress of a backfill."""

from __future__ import annotations

import time
from typing import Any

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import warning_backfill_pb2 as pb
from fanzha.v1 import warning_backfill_pb2_grpc
from services.cli._common.console import err, out, progress
from services.cli._common.enum_words import LazyTable, enum_word
from services.cli._common.plain_text import padded
from services.cli._common.server import ServerOf

server = ServerOf(
    lambda: warning_backfill_pb2_grpc.WarningBackfillServiceStub, deadline_seconds=600.0
)
"""Months of a busy log take minutes to look through."""
STATES = LazyTable(
    lambda: {
        pb.BACKFILL_STATE_RUNNING: "running",
        pb.BACKFILL_STATE_STOPPED: "stopped",
        pb.BACKFILL_STATE_DONE: "done",
    }
)
KINDS = LazyTable(
    lambda: {
        pb.BACKFILL_KIND_NUMBER: "number",
        pb.BACKFILL_KIND_SENDER: "sender",
        pb.BACKFILL_KIND_LINK: "link",
        pb.BACKFILL_KIND_TEXT: "text",
    }
)
_POLL_SECONDS = 0.5
_IDLE_SECONDS = 15.0


def kind_word(kind: int) -> str:
    """Return the word of a kind of subject, in the language of the user."""
    if kind == pb.BACKFILL_KIND_CHANGE:
        return gettext("entries of")
    return enum_word("backfill_kind", {int(one): word for one, word in KINDS.items()}[kind])


def state_word(state: int) -> str:
    """Return the word of a state, in the language of the user."""
    return enum_word("backfill_state", {int(one): word for one, word in STATES.items()}[state])


def follow(stub: Any, started: pb.Backfill) -> pb.Backfill:
    """Wait until a backfill ends; Ctrl-C ends the waiting, and not the backfill."""
    reached, since = started, time.monotonic()
    with progress() as bar:
        task = bar.add_task(gettext("warning"), total=started.persons, note="")
        try:
            while reached.state == pb.BACKFILL_STATE_RUNNING:
                time.sleep(_POLL_SECONDS)
                answer = stub.ListBackfills(pb.ListBackfillsRequest())
                known = {one.backfill_id: one for one in answer.backfills}
                reached = known.get(started.backfill_id, reached)
                bar.update(task, completed=reached.done, note=f"{reached.done:,}")
                if not reached.done and since and time.monotonic() - since > _IDLE_SECONDS:
                    err.print(
                        gettext("no process works on it yet: it needs a running `fanzha warn`")
                    )
                    since = 0.0
        except KeyboardInterrupt:
            err.print(
                gettext(
                    "it goes on in the background: see fanzha warnings backfills; --stop "
                    "{backfill_id} stops it",
                    backfill_id=started.backfill_id,
                )
            )
            raise typer.Exit(130) from None
    return reached


def tell(done: pb.Backfill) -> None:
    """Say what became of a backfill."""
    out.print(
        gettext(
            "backfill {backfill_id} {states}: {done:,} of {persons:,} persons; {opened:,} "
            "new cases, {joined:,} joined, {known:,} known before",
            backfill_id=done.backfill_id,
            states=state_word(done.state),
            done=done.done,
            persons=done.persons,
            opened=done.opened,
            joined=done.joined,
            known=done.known,
        )
        + (gettext(", {refused:,} refused", refused=done.refused) if done.refused else "")
    )


def counts(title: str, by: dict[str, int], most: int = 10) -> None:
    """Print a line of counts, the largest first; more than *most* are summed up."""
    ordered = sorted(by.items(), key=lambda one: (-one[1], one[0]))
    shown = ", ".join(f"{gettext(name)} {count:,}" for name, count in ordered[:most])
    left = len(ordered) - most
    more = gettext(", and {left} more", left=left) if left > 0 else ""
    if shown:
        out.print(f"  {padded(gettext(title), 8)} {shown}{more}", markup=False)


def named(given: dict[str, str]) -> tuple[Any, str]:
    """Return the kind and pattern of the one option that was given."""
    chosen = [(kind, value) for kind, value in given.items() if value]
    if len(chosen) != 1:
        raise typer.BadParameter(
            gettext("one of {given}", given=", ".join(f"--{kind}" for kind in given))
        )
    ((word, pattern),) = chosen
    return next(kind for kind, known in KINDS.items() if known == word), pattern
