"""`fanzha warnings stop`, `start`, `status` and `opt-out`: what holds warnings back."""

from typing import Annotated, Any

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import warning_control_pb2 as pb
from fanzha.v1 import warning_control_pb2_grpc
from services.cli._common.console import out, print_json
from services.cli._common.enum_words import enum_word
from services.cli._common.options import DEFAULT_TARGET, AsJson, By, Reason, Target
from services.cli._common.server import ServerOf
from services.cli._common.time_arguments import written

server = ServerOf(lambda: warning_control_pb2_grpc.WarningControlServiceStub)
_KINDS = {"advice": 1, "warning": 2, "emergency": 3}


def stop(reason: Reason, by: By = "", target: Target = DEFAULT_TARGET) -> None:
    """Stop all warnings of all processes within a second; they wait, and none is lost."""
    request = pb.StopWarningsRequest(reason=reason, stopped_by=by)
    with server(target) as stub:
        done = stub.StopWarnings(request).stop
    out.print(
        gettext("stopped at {stopped_at_ms}", stopped_at_ms=written(done.stopped_at_ms)),
        markup=False,
    )


def start(reason: Reason, by: By = "", target: Target = DEFAULT_TARGET) -> None:
    """Let warnings go out again."""
    request = pb.StartWarningsRequest(reason=reason, started_by=by)
    with server(target) as stub:
        were = stub.StartWarnings(request).were_stopped
    out.print(gettext("warnings go out again") if were else gettext("warnings were not stopped"))


def status(target: Target = DEFAULT_TARGET, as_json: AsJson = False) -> None:
    """Tell whether warnings are stopped; ends with status 1 when they are."""
    with server(target) as stub:
        found = stub.GetWarningSwitch(pb.GetWarningSwitchRequest())
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
            gettext(
                "stopped at {when} by {stopped_by}: {reason}",
                when=when,
                stopped_by=found.stop.stopped_by,
                reason=found.stop.reason,
            ),
            markup=False,
        )
    else:
        out.print(gettext("warnings go out"))
    if found.test_mode and not as_json:
        out.print(gettext("test mode: every warning goes to the sink"))
    if is_stopped:
        raise typer.Exit(1)


def opt_out(
    number: Annotated[str, typer.Argument(help="The person's number.")],
    kind: Annotated[
        str, typer.Option(help="advice (tier low) or warning (tier medium). Empty: only show.")
    ] = "",
    again: Annotated[bool, typer.Option("--again", help="The person wants them again.")] = False,
    by: By = "",
    target: Target = DEFAULT_TARGET,
) -> None:
    """Record that a person opts out of a kind of warning; emergencies have no opt-out."""
    if kind not in ("", *_KINDS):
        raise typer.BadParameter(
            gettext("one of {kinds}: {kind!r}", kinds=", ".join(_KINDS), kind=kind),
            param_hint="--kind",
        )
    with server(target) as stub:
        if kind:
            request = pb.SetOptOutRequest(number=number, opted_out=not again, changed_by=by)
            request.kind = _kind(kind)
            opted_out = stub.SetOptOut(request).opted_out
        else:
            opted_out = stub.GetOptOuts(pb.GetOptOutsRequest(number=number)).opted_out
    names = {number_: word for word, number_ in _KINDS.items()}
    kinds = ", ".join(enum_word("warning_kind", names.get(one, str(one))) for one in opted_out)
    out.print(gettext("opted out of: {kinds}", kinds=kinds or gettext("nothing")))


def _kind(word: str) -> Any:
    # Generated stubs want a type of their own.
    return _KINDS[word]
