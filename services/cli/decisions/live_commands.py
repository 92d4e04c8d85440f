"""`fanzha decisions tail` and `traffic`: what is decided now, and how much of it."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Annotated

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import decision_log_pb2 as pb
from fanzha.v1 import decision_log_pb2_grpc, decision_pb2
from infra.clock import now_ms
from services.cli._common.console import out, print_json, say_following
from services.cli._common.enum_words import enum_word, field_label, wire_word
from services.cli._common.options import DEFAULT_TARGET, AsJson, Target
from services.cli._common.plain_text import one_line
from services.cli._common.server import ServerOf
from services.cli._common.tables import RowTable
from services.cli._common.time_arguments import Since, moment, written
from services.cli.decisions import display
from services.cli.decisions.options import Carrier, Full, conditions

_server = ServerOf(lambda: decision_log_pb2_grpc.DecisionLogServiceStub)


def tail(
    channel: Annotated[str, typer.Option(help="call, text or link; empty: all.")] = "",
    action: Annotated[str, typer.Option(help="block or allow; empty: both.")] = "",
    reason: Annotated[str, typer.Option(help="Such as blocklisted or scored; empty: all.")] = "",
    carrier: Carrier = "",
    most: Annotated[int, typer.Option(min=1, max=200, help="Most decisions a second.")] = 50,
    count: Annotated[int, typer.Option(min=0, help="End after so many; 0: never.")] = 0,
    full: Full = False,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Follow decisions as they are logged, some seconds after they were made; Ctrl-C ends.

    Of many at once a sample, blocks before others; how many were left out is told.
    """
    request = pb.TailDecisionsRequest(
        **conditions(channel, action, reason),
        carrier=carrier, most=most, unmasked=full,
    )  # fmt: skip
    shown = 0
    with _server(target) as stub, suppress(KeyboardInterrupt):
        if not as_json:
            say_following()
        # No deadline: it follows until cancelled.
        for part in (parts := stub.TailDecisions(request)):
            shown += _show_part(part, as_json=as_json)
            if count and shown >= count:
                parts.cancel()
                return


def traffic(
    since: Since = "24h",
    bucket: Annotated[
        int, typer.Option("--minutes", min=1, max=1440, help="Minutes of each line.")
    ] = 60,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Count the traffic of up to 31 days by time and by reason.

    Events are estimates: what was let through is a sample.
    """
    request = pb.GetTrafficRequest(
        since_ms=moment(since, now_ms(), "--since"), bucket_minutes=bucket
    )
    with _server(target) as stub:
        found = stub.GetTraffic(request)
    if as_json:
        by_time, by_reason = map(_facts, found.by_time), map(_facts, found.by_reason)
        print_json({"by_time": list(by_time), "by_reason": list(by_reason)})
        return
    _show_counts(found.by_time, ("time", "channel", "action"))
    _show_counts(found.by_reason, ("channel", "action", "reason", "fraud_type"))


def _show_part(part: pb.TailDecisionsResponse, *, as_json: bool) -> int:
    rows = [display.as_row(one) for one in reversed(part.decisions)]
    if as_json:
        for row in rows:
            line = display.facts(row) | {"skipped": part.skipped}
            typer.echo(json.dumps(line, ensure_ascii=False, default=str))
        return len(rows)
    for row in rows:
        cells = (
            written(row["decided_at_ms"]),
            enum_word("channel", row["channel"]),
            row["from_party"] or row["host"] or "–",
            row["to_party"] or "–",
            enum_word("action", row["action"]),
            enum_word("reason", row["reason"]),
            row["decision_id"],
        )
        out.print("  ".join(map(one_line, cells)), markup=False, soft_wrap=True)
    if part.skipped:
        out.print(gettext("{count:,} more are not shown", count=part.skipped), style="dim")
    return len(rows)


def _facts(one: pb.TrafficCount) -> dict[str, object]:
    facts: dict[str, object] = {
        "channel": wire_word(decision_pb2.Channel, one.channel),
        "action": wire_word(decision_pb2.Action, one.action),
        "events": one.events,
        "logged": one.logged,
    }
    if one.start_ms:
        return {"time": written(one.start_ms)} | facts
    return facts | {
        "reason": wire_word(decision_pb2.Reason, one.reason),
        "fraud_type": wire_word(decision_pb2.FraudType, one.fraud_type),
        "monitored": one.monitored,
    }


def _show_counts(counts: object, names: tuple[str, ...]) -> None:
    table = RowTable(*map(field_label, names), gettext("events"), gettext("logged"))
    for one in counts:  # type: ignore[attr-defined]
        facts = _facts(one)
        cells = (
            str(facts[name]) if name == "time" else enum_word(name, str(facts[name]))
            for name in names
        )
        table.add_row(*map(one_line, cells), f"{one.events:,}", f"{one.logged:,}")
    table.print()
