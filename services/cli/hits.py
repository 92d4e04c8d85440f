"""`fanzha hits`: follow the hit streams, confirm and dismiss hits."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from typing import Annotated, Any

import typer

from fanzha.translation.catalogue import gettext, gettext_noop
from fanzha.v1 import decision_pb2, feedback_pb2_grpc, hit_pb2, hit_pb2_grpc
from fanzha.v1 import feedback_pb2 as pb
from infra.clock import now_ms
from services.cli._common.channel_words import ChannelWord, reader
from services.cli._common.console import fail, out, print_json, say_following
from services.cli._common.enum_words import enum_word, wire_word, word
from services.cli._common.json_words import hit_words
from services.cli._common.options import (
    DEFAULT_DECISION_TARGET,
    DEFAULT_TARGET,
    AsJson,
    By,
    DecisionTarget,
    Limit,
    Note,
    Target,
    Timeout,
)
from services.cli._common.plain_text import one_line, padded
from services.cli._common.server import ServerOf
from services.cli._common.time_arguments import moment, written
from services.decision.sinks.hit_fields import HitField

app = typer.Typer(no_args_is_help=True, help="Follow hits, confirm and dismiss them.")

_server = ServerOf(lambda: feedback_pb2_grpc.FeedbackServiceStub)
_hit_server = ServerOf(lambda: hit_pb2_grpc.HitServiceStub)
_PLACE = re.compile(r"\d+(-\d+)?")
_STREAM = "HIT_STREAM_"
_WIDTHS = {
    gettext_noop("time"): 25,
    gettext_noop("stream"): 10,
    gettext_noop("channel"): 7,
    gettext_noop("from"): 16,
    gettext_noop("to"): 16,
    gettext_noop("why"): 12,
    gettext_noop("type"): 24,
}


class HitStream(StrEnum):
    """Which hits to follow."""

    CONFIRMED = "confirmed"
    SUSPECTED = "suspected"
    DISMISSED = "dismissed"
    ALL = "all"


DecisionId = Annotated[int, typer.Argument(min=1, help="Id of the decision.")]


@app.command()
def tail(
    stream: Annotated[HitStream, typer.Option(help="Which hits.")] = HitStream.ALL,
    since: Annotated[
        str,
        typer.Option(
            help="From then on: 30m, 24h or 7d ago, 2026-11-25, or 2026-11-25T08:30 in China's "
            "time; beginning, now, or after a place as --json shows it.",
        ),
    ] = "now",
    count: Annotated[int, typer.Option(min=0, help="End after so many hits; 0: never.")] = 0,
    full: Annotated[
        bool,
        typer.Option(
            "--full",
            help="Show whole numbers and notes; for auditors and appeals officers, on record.",
        ),
    ] = False,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Follow the hit streams and wait for more; Ctrl-C ends."""
    request = hit_pb2.TailHitsRequest(after=_after(since), unmasked=full)
    if stream is not HitStream.ALL:
        request.streams.append(hit_pb2.HitStream.Value(f"{_STREAM}{stream.name}"))
    with _hit_server(target) as stub, suppress(KeyboardInterrupt):
        if not as_json:
            _write_heads()
            say_following()
        # No deadline: it follows until cancelled.
        hits: Any = stub.TailHits(request)
        for shown, hit in enumerate(hits, 1):
            _show(hit, as_json)
            if shown == count:
                hits.cancel()
                return


@app.command()
def pending(
    reason: Annotated[
        str, typer.Option(help="Only hits decided for this reason, such as review or scored.")
    ] = "",
    channel: Annotated[
        ChannelWord | None,
        typer.Option(
            parser=reader(ChannelWord), metavar="CHANNEL", help="call, text or link; empty: all."
        ),
    ] = None,
    limit: Limit = 50,
    before: Annotated[
        str, typer.Option(help="Go on before this place, as the last line of a page shows it.")
    ] = "",
    full: Annotated[
        bool,
        typer.Option("--full", help="Show whole numbers; for auditors and appeals officers."),
    ] = False,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """List suspected hits that no one has judged, newest first: confirm or dismiss them.

    With --reason review: what the models left to a person.
    """
    request = hit_pb2.ListPendingHitsRequest(limit=limit, before=before, unmasked=full)
    if reason:
        request.reasons.append(_reason(reason))
    if channel is not None:
        request.channel = decision_pb2.Channel.Value(f"CHANNEL_{channel.name}")
    with _hit_server(target) as stub:
        found = stub.ListPendingHits(request)
    _show_pending(found, as_json)


@app.command()
def confirm(
    decision_id: DecisionId,
    fraud_type: Annotated[
        str, typer.Option(help="Kind of fraud, such as fake_loan; empty: as decided.")
    ] = "",
    note: Note = "",
    by: By = "",
    target: DecisionTarget = DEFAULT_DECISION_TARGET,
    timeout: Timeout = 10.0,
    as_json: AsJson = False,
) -> None:
    """Confirm that a decision was about fraud; ends when the store has it.

    Of one that let something through, too: what the models left to a person, and was fraud.
    """
    request = pb.ConfirmHitRequest(
        decision_id=decision_id, confirmed_by=by, note=note, fraud_type=_fraud_type(fraud_type)
    )
    with _server(target) as stub:
        answer = stub.ConfirmHit(request, timeout=timeout)
    let_through = answer.action == decision_pb2.ACTION_ALLOW
    action = wire_word(decision_pb2.Action, answer.action)
    _tell(gettext("confirmed"), answer, as_json, place=answer.stream_id, action=action)
    if let_through and not as_json:
        out.print(
            gettext("it had been let through: somebody was reached, and is to be warned"),
            soft_wrap=True,
        )


@app.command()
def dismiss(
    decision_id: DecisionId,
    note: Note = "",
    by: By = "",
    target: DecisionTarget = DEFAULT_DECISION_TARGET,
    timeout: Timeout = 10.0,
    as_json: AsJson = False,
) -> None:
    """Dismiss a decision that was not about fraud; ends when the store has it."""
    request = pb.DismissHitRequest(decision_id=decision_id, dismissed_by=by, note=note)
    with _server(target) as stub:
        answer = stub.DismissHit(request, timeout=timeout)
    _tell(gettext("dismissed"), answer, as_json)


def _after(since: str) -> str:
    """Return the place after which hits are from then on."""
    named = {"beginning": "0", "now": "", "": ""}
    if since in named or _PLACE.fullmatch(since):
        return named.get(since, since)
    return f"{moment(since, now_ms(), '--since') - 1}-0"


def _show(one: hit_pb2.TailHitsResponse, as_json: bool) -> None:
    name, hit = wire_word(hit_pb2.HitStream, one.stream), one.fields
    if as_json:
        _write(
            json.dumps(
                {"stream": name, "place": one.place, **hit_words(hit)},
                ensure_ascii=False,
            )
        )
        return
    _show_columns(name, hit)


def _show_pending(found: hit_pb2.ListPendingHitsResponse, as_json: bool) -> None:
    if as_json:
        hits = [{"place": one.place, **hit_words(one.fields)} for one in found.hits]
        print_json({"hits": hits, "next_before": found.next_before})
        return
    if found.hits:
        _write_heads()
    else:
        out.print(gettext("nothing waits for a verdict"))
    for one in found.hits:
        _show_columns("suspected", one.fields)
    if found.next_before:
        out.print(gettext("go on with --before {place}", place=found.next_before))


def _write_heads() -> None:
    heads = {name: gettext(name) for name in _WIDTHS}
    _write(_columns(heads, gettext("score  evidence  decision")))


def _show_columns(name: str, hit: Mapping[str, str]) -> None:
    cells = {
        "time": written(int(hit.get(HitField.OCCURRED_AT_MS, 0))),
        "stream": enum_word("hit_stream", name),
        "channel": enum_word("channel", hit.get(HitField.CHANNEL, "")),
        "from": hit.get(HitField.FROM_PARTY) or hit.get(HitField.URL, ""),
        "to": hit.get(HitField.TO_PARTY, ""),
        "why": enum_word("reason", hit.get(HitField.REASON, "")),
        "type": enum_word("fraud_type", hit.get(HitField.FRAUD_TYPE, "")),
    }
    model = hit.get(HitField.MODEL_VERSION, "")
    evidence = hit.get(HitField.PATTERN) or (
        gettext("model {model}", model=model) if model else "–"
    )
    _write(
        _columns(
            cells,
            f"{hit.get(HitField.SCORE, ''):<6} {evidence}  {hit.get(HitField.DECISION_ID, '')}",
        )
    )


def _write(line: str) -> None:
    # Names come from outside: none may steer the terminal. At once, for readers of a pipe.
    sys.stdout.write(f"{one_line(line)}\n")
    sys.stdout.flush()


def _columns(cells: Mapping[str, str], rest: str) -> str:
    shown = (padded(cells[name] or "–", width) for name, width in _WIDTHS.items())
    return " ".join((*shown, rest))


def _reason(name: str) -> Any:
    try:
        return decision_pb2.Reason.Value(f"REASON_{name.upper()}")
    except ValueError:
        known = [word(known, "REASON_") for known in decision_pb2.Reason.keys()]  # noqa: SIM118
        fail(
            gettext(
                "--reason: one of {value}; not {name!r}",
                value=", ".join(filter(None, known)),
                name=name,
            ),
        )


def _fraud_type(name: str) -> Any:
    if not name:
        return decision_pb2.FRAUD_TYPE_UNSPECIFIED
    try:
        return decision_pb2.FraudType.Value(f"FRAUD_TYPE_{name.upper()}")
    except ValueError:
        known = [word(known, "FRAUD_TYPE_") for known in decision_pb2.FraudType.keys()]  # noqa: SIM118
        fail(
            gettext(
                "--fraud-type: one of {value}; not {name!r}",
                value=", ".join(filter(None, known)),
                name=name,
            ),
        )


def _tell(what: str, answer: Any, as_json: bool, **more: str) -> None:
    durability = wire_word(pb.Durability, answer.durability)
    if as_json:
        print_json({"first": answer.first, "durability": durability, **more})
        return
    again = "" if answer.first else gettext(" before; nothing was added")
    where = (
        gettext("on the disk of the store")
        if durability == "synced"
        else gettext("in the store's memory")
    )
    out.print(f"{what}{again}; {where}")
