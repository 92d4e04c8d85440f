"""`fanzha campaigns`: fingerprints of bulk texts, listed or not; no text is shown or stored."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import hit_pb2 as pb
from fanzha.v1 import hit_pb2_grpc
from services.cli._common.console import err, out, print_json
from services.cli._common.options import DEFAULT_TARGET, AsJson, Target
from services.cli._common.server import ServerOf
from services.cli._common.time_arguments import written

_server = ServerOf(lambda: hit_pb2_grpc.HitServiceStub, deadline_seconds=15.0)


def show_campaigns(
    count: Annotated[
        int, typer.Option(min=1, max=1000, help="Show this many, the largest first.")
    ] = 20,
    unlisted: Annotated[
        bool, typer.Option("--unlisted", help="Only those without a list entry.")
    ] = False,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Show the largest campaigns: near-duplicates of one text, by fingerprint.

    Of listed fingerprints every match since the worker started counts; of others one text in 128
    is sampled, and counts halve every hour. Many bulk texts are legitimate.
    """
    request = pb.ListCampaignsRequest(limit=count, unlisted=unlisted)
    with _server(target) as stub:
        chosen = stub.ListCampaigns(request).campaigns
    if as_json:
        print_json([as_words(one) for one in chosen])
    elif chosen:
        for one in chosen:
            out.print(_lines(one), soft_wrap=True)
        err.print(gettext("to block one: fanzha blocklist add --kind fingerprint <fingerprint> …"))
    else:
        out.print(gettext("no campaign"))


def as_words(one: pb.TextCampaign) -> dict[str, Any]:
    """Write a campaign for JSON."""
    return {
        "fingerprint": one.fingerprint,
        "listed": one.listed,
        "texts": one.texts,
        "blocked": one.blocked,
        "senders_at_least": one.senders_at_least,
        "score": round(one.score, 4) if one.HasField("score") else None,
        "first_seen": written(one.first_seen_ms),
        "last_seen": written(one.last_seen_ms),
    }


def _lines(one: pb.TextCampaign) -> str:
    row = as_words(one)
    score = (
        gettext("no score")
        if row["score"] is None
        else gettext("score {score:.3f}", score=row["score"])
    )
    return gettext(
        "{fingerprint}\n    {texts:,} texts, {blocked:,} blocked, of "
        "{senders_at_least} senders at least, {score}, {value}, {first_seen} to "
        "{last_seen}",
        fingerprint=row["fingerprint"],
        texts=row["texts"],
        blocked=row["blocked"],
        senders_at_least=row["senders_at_least"],
        score=score,
        value=gettext("listed") if one.listed else gettext("not listed"),
        first_seen=row["first_seen"],
        last_seen=row["last_seen"],
    )
