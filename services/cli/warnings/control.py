"""`fanzha warnings stop`, `start`, `status` and `opt-out`: what holds warnings back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from fanzha.client import channels
from fanzha.v1 import warning_control_pb2 as pb
from fanzha.v1 import warning_control_pb2_grpc
from services.cli._common.console import one_sentence, out, print_json
from services.cli._common.time_arguments import written
from services.cli.lists.options import DEFAULT_TARGET, AsJson, Author, Target, login

DEADLINE_SECONDS = 15.0
_KINDS = {"advice": 1, "warning": 2, "emergency": 3}
Reason = Annotated[str, typer.Option(help="Why; goes on record.")]


def stop(reason: Reason, author: Author = "", target: Target = DEFAULT_TARGET) -> None:
    """Stop all warnings of all processes within a second; they wait, and none is lost."""
    request = pb.StopWarningsRequest(reason=reason, stopped_by=author or login())
    with _server(target) as stub:
        done = stub.StopWarnings(request, timeout=DEADLINE_SECONDS).stop
    out.print(f"stopped at {written(done.stopped_at_ms)}", markup=False)


def start(reason: Reason, author: Author = "", target: Target = DEFAULT_TARGET) -> None:
    """Let warnings go out again."""
    request = pb.StartWarningsRequest(reason=reason, started_by=author or login())
    with _server(target) as stub:
        were = stub.StartWarnings(request, timeout=DEADLINE_SECONDS).were_stopped
    out.print("warnings go out again" if were else "warnings were not stopped")


def status(target: Target = DEFAULT_TARGET, as_json: AsJson = False) -> None:
    """Tell whether warnings are stopped; ends with status 1 when they are."""
    with _server(target) as stub:
        found = stub.GetWarningSwitch(pb.GetWarningSwitchRequest(), timeout=DEADLINE_SECONDS)
    is_stopped = found.HasField("stop")
    if as_json:
        print_json(
            {
                "stopped": is_stopped,
                "by": found.stop.stopped_by,
                "reason": found.stop.reason,
                "at_ms": found.stop.stopped_at_ms,
                "test_mode": found.test_mode,
            }
        )
    elif is_stopped:
        when = written(found.stop.stopped_at_ms)
        out.print(
            f"stopped at {when} by {found.stop.stopped_by}: {found.stop.reason}", markup=False
        )
    else:
        out.print("warnings go out")
    if found.test_mode and not as_json:
        out.print("test mode: every warning goes to the sink")
    if is_stopped:
        raise typer.Exit(1)


def opt_out(
    number: Annotated[str, typer.Argument(help="The person's number.")],
    kind: Annotated[
        str, typer.Option(help="advice (tier low) or warning (tier medium). Empty: only show.")
    ] = "",
    again: Annotated[bool, typer.Option("--again", help="The person wants them again.")] = False,
    author: Author = "",
    target: Target = DEFAULT_TARGET,
) -> None:
    """Note that a person wants no more warnings of a kind; nobody opts out of emergencies."""
    if kind not in ("", *_KINDS):
        raise typer.BadParameter(f"one of {', '.join(_KINDS)}: {kind!r}", param_hint="--kind")
    with _server(target) as stub:
        if kind:
            request = pb.SetOptOutRequest(
                number=number, opted_out=not again, changed_by=author or login()
            )
            request.kind = _kind(kind)
            answer = stub.SetOptOut(request, timeout=DEADLINE_SECONDS)
        else:
            asked = pb.GetOptOutsRequest(number=number)
            answer = stub.GetOptOuts(asked, timeout=DEADLINE_SECONDS)
    names = {number_: word for word, number_ in _KINDS.items()}
    kinds = ", ".join(names.get(one, str(one)) for one in answer.opted_out)
    out.print(f"opted out of: {kinds or 'nothing'}")


def _kind(word: str) -> Any:
    # Generated stubs want a type of their own.
    return _KINDS[word]


@contextmanager
def _server(target: str) -> Iterator[Any]:
    with one_sentence(target), channels.blocking(target) as channel:
        yield warning_control_pb2_grpc.WarningControlServiceStub(channel)
