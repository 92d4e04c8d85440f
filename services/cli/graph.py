"""`fanzha graph`: what a number, sender's name, link or text is seen with."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import hit_pb2 as pb
from fanzha.v1 import hit_pb2_grpc
from services.cli._common.console import out, print_json
from services.cli._common.enum_words import enum_word
from services.cli._common.options import DEFAULT_TARGET, AsJson, Target
from services.cli._common.server import ServerOf
from services.cli._common.time_arguments import written

app = typer.Typer(no_args_is_help=True, help="Show what is seen together with fraud.")

_server = ServerOf(lambda: hit_pb2_grpc.HitServiceStub)


@app.callback()
def _graph() -> None:
    """Show what is seen together with fraud."""


@app.command()
def show(
    subject: Annotated[str, typer.Argument(help="A number, name, URL, host or fingerprint.")],
    full: Annotated[
        bool,
        typer.Option("--full", help="Show whole numbers; for auditors and appeals officers."),
    ] = False,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Show whether a number, link or text is confirmed or suspected, why, and what it is seen with.

    Each use is in the audit log.
    """
    request = pb.GetRelationsRequest(subject=subject, unmasked=full)
    with _server(target) as stub:
        answer = stub.GetRelations(request)
    if as_json:
        print_json(as_words(answer))
        return
    _show(as_words(answer))


def _show(row: dict[str, Any]) -> None:
    out.print(f"{row['entity']}: {enum_word('relation_state', row['state'])}", soft_wrap=True)
    if row["since"]:
        out.print(
            gettext(
                "    since {since}, until {until} unless renewed",
                since=row["since"],
                until=row["until"],
            ),
            soft_wrap=True,
        )
    if row["related_to"]:
        out.print(
            gettext("    seen most with the confirmed {related_to}", related_to=row["related_to"]),
            soft_wrap=True,
        )
    for cause, at in row["causes"].items():
        out.print(gettext("    confirmed by {cause} at {at}", cause=cause, at=at), soft_wrap=True)
    out.print(
        gettext("    seen {seen:g} times, decayed by half every seven days", seen=row["seen"])
    )
    for one in row["neighbours"]:
        out.print(
            gettext(
                "    {together:8g} times with {entity}",
                together=one["together"],
                entity=one["entity"],
            ),
            soft_wrap=True,
        )


def as_words(answer: pb.GetRelationsResponse) -> dict[str, Any]:
    """Write the answer for JSON."""
    state = "confirmed" if answer.confirmed else "suspected" if answer.suspected else "unmarked"
    return {
        "entity": answer.entity,
        "state": state,
        "related_to": answer.related_to,
        "since": written(answer.since_ms) if answer.since_ms else None,
        "until": written(answer.ends_at_ms) if answer.ends_at_ms else None,
        "causes": {cause: written(at) for cause, at in sorted(answer.causes.items())},
        "seen": round(answer.seen, 3),
        "neighbours": [
            {"entity": one.entity, "together": round(one.together, 3)} for one in answer.neighbours
        ],
    }
