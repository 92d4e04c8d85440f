"""`fanzha models propose`, `requests`, `approve` and `reject`: activation by two people; `card`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import model_pb2 as pb
from fanzha.v1 import model_pb2_grpc
from services.cli._common import channel_words
from services.cli._common.channel_words import ModelWord, model_word, shown_model
from services.cli._common.console import out, print_json
from services.cli._common.enum_words import enum_word, wire_word
from services.cli._common.options import DEFAULT_TARGET, AsJson, By, Note, Target
from services.cli._common.plain_text import one_line
from services.cli._common.server import ServerOf
from services.cli._common.tables import RowTable
from services.cli._common.time_arguments import written

_server = ServerOf(lambda: model_pb2_grpc.ModelServiceStub, deadline_seconds=15.0)
Kind = Annotated[
    ModelWord, typer.Argument(parser=channel_words.reader(ModelWord), help="Kind of model.")
]
Version = Annotated[str, typer.Argument(help="Version of the bundle.")]
Number = Annotated[int, typer.Argument(min=1, help="Number of the request.")]


def propose(
    kind: Kind,
    version: Version,
    reason: Annotated[str, typer.Option(help="Why, for whoever approves it.")],
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Request that another model decides; a second person approves it."""
    request = pb.ProposeModelRequest(
        kind=_wire(kind), version=version, reason=reason, proposed_by=by
    )
    with _server(target) as stub:
        made = stub.ProposeModel(request).request
    _show(made, as_json)


def requests(
    waiting: Annotated[
        bool, typer.Option("--waiting", help="Only those that wait for a second person.")
    ] = False,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """List requests to activate a model, the newest first."""
    with _server(target) as stub:
        found = stub.ListModelRequests(pb.ListModelRequestsRequest())
    chosen = [
        one for one in found.requests if not waiting or one.state == pb.MODEL_REQUEST_STATE_WAITING
    ]
    if as_json:
        print_json(list(map(_facts, chosen)))
        return
    table = RowTable(
        gettext("number"), gettext("kind"), gettext("version"), gettext("state"),
        gettext("author"), gettext("reason"), gettext("decided by"),
    )  # fmt: skip
    for one in chosen:
        facts = _facts(one)
        state = enum_word("model_request_state", str(facts["state"]))
        cells = (
            str(one.number), shown_model(facts["kind"]), one.version, state,
            one.author, one.reason, one.decided_by,
        )  # fmt: skip
        table.add_row(*map(one_line, cells))
    table.print()


def approve(
    number: Number,
    note: Note = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Approve a request of somebody else: the model decides."""
    _decide(number, approve=True, note=note, by=by, target=target, as_json=as_json)


def reject(
    number: Number,
    note: Note = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Reject a request, or withdraw one's own."""
    _decide(number, approve=False, note=note, by=by, target=target, as_json=as_json)


def card(kind: Kind, version: Version, target: Target = DEFAULT_TARGET) -> None:
    """Show the card of a bundle on the server: what it was made from, and how well it did."""
    with _server(target) as stub:
        found = stub.GetModelCard(pb.GetModelCardRequest(kind=_wire(kind), version=version))
    for line in found.card.splitlines():
        out.print(one_line(line), markup=False, highlight=False, soft_wrap=True)


def _decide(number: int, *, approve: bool, note: str, by: str, target: str, as_json: bool) -> None:
    request = pb.DecideModelRequestRequest(number=number, approve=approve, note=note, decided_by=by)
    with _server(target) as stub:
        done = stub.DecideModelRequest(request).request
    _show(done, as_json)


def _show(one: pb.ModelRequest, as_json: bool) -> None:
    facts = _facts(one)
    if as_json:
        print_json(facts)
        return
    out.print(
        gettext(
            "request {number}: {kind} model {version}: {state}",
            number=one.number,
            kind=shown_model(facts["kind"]),
            version=one.version,
            state=enum_word("model_request_state", str(facts["state"])),
        )
    )


def _facts(one: pb.ModelRequest) -> dict[str, Any]:
    return {
        "number": one.number,
        "kind": model_word(one.kind) if one.kind else "",
        "version": one.version,
        "state": wire_word(pb.ModelRequestState, one.state),
        "running": one.running,
        "reason": one.reason,
        "author": one.author,
        "made_at": written(one.made_at_ms),
        "decided_by": one.decided_by,
        "decided_at": written(one.decided_at_ms) if one.decided_at_ms else "",
        "note": one.note,
    }


def _wire(kind: ModelWord) -> Any:
    return list(ModelWord).index(kind) + 1
