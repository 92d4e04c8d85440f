"""`fanzha campaigns`: which texts are sent in bulk, listed or not; none is shown or kept."""

import asyncio
from datetime import UTC, datetime
from math import isnan
from typing import Annotated, Any

import typer

from infra.clock import now_ms
from infra.redis.client import connect
from services.cli._common.console import err, one_sentence, out, print_json
from services.cli._common.stores import DEFAULT_DATA_DIR, DataDir, RedisUrl, store_url
from services.decision.campaigns.bulk_texts import Campaign, senders
from services.decision.campaigns.store import CampaignStore


def show_campaigns(
    count: Annotated[int, typer.Option(min=1, help="Show so many, the largest.")] = 20,
    unlisted: Annotated[
        bool, typer.Option("--unlisted", help="Only those that are no entry of the lists.")
    ] = False,
    redis_url: RedisUrl = "",
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the largest campaigns: near-duplicates of one text, by fingerprint.

    Of listed fingerprints every match since the worker started counts; of others one text in 128
    is looked at, and counts fade by half every hour. Much of what is sent in bulk is legitimate.
    """
    url = store_url(redis_url, data_dir)
    with one_sentence("the store"):
        found = asyncio.run(_found(url))
    chosen = [one for one in found if not (unlisted and one.listed)][:count]
    if as_json:
        print_json([as_words(one) for one in chosen])
    elif chosen:
        for one in chosen:
            out.print(_lines(one), soft_wrap=True)
        err.print("to block one: fanzha blocklist add --kind fingerprint <fingerprint> …")
    else:
        out.print("no campaign")


async def _found(url: str) -> list[Campaign]:
    client = connect(url)
    try:
        return await CampaignStore(client).all(now_ms())
    finally:
        await client.aclose()


def as_words(one: Campaign) -> dict[str, Any]:
    """Write a campaign for JSON."""
    return {
        "fingerprint": one.fingerprint,
        "listed": one.listed,
        "texts": round(one.texts),
        "blocked": round(one.blocked),
        "senders_at_least": senders(one.sender_bits),
        "score": None if isnan(one.score) else round(one.score, 4),
        "first_seen": _time(one.first_ms),
        "last_seen": _time(one.last_ms),
    }


def _lines(one: Campaign) -> str:
    row = as_words(one)
    score = "no score" if row["score"] is None else f"score {row['score']:.3f}"
    return (
        f"{row['fingerprint']}\n    {row['texts']:,} texts, {row['blocked']:,} blocked, "
        f"of {row['senders_at_least']} senders at least, {score}, "
        f"{'listed' if one.listed else 'not listed'}, {row['first_seen']} to {row['last_seen']}"
    )


def _time(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}Z"
