"""Times warnings from the hit to the message centre: at a steady rate, in a burst, and flat out.

``fanzha bench warnings``: an embedded Valkey of its own, the whole pipeline as ``fanzha warn`` runs
it (regions, policy, templates, limits; quiet hours off), and the message centre of
``tests/support/smsc.py``, which is node and so another process. Each hit is of another person. A
time is from when a hit was due to be written until the message centre said that it had the message,
so it counts what waited.
Exit status 1 when a hit had no message, or more than one.
"""

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
from prometheus_client import CollectorRegistry

from benchmarks import results
from infra.clock import now_ms
from infra.redis.client import Client, connect
from services.decision.sinks.hit_store import CONFIRMED
from services.processes.embedded_valkey import EmbeddedValkey
from services.settings.settings import Settings
from services.warning import wiring
from services.warning.dispatch import wiring as dispatch_wiring
from services.warning.dispatch.limit_store import LimitStore, never_stopped
from services.warning.dispatch.metrics import ChannelMetrics
from services.warning.dispatch.permits import LimitPermit
from services.warning.policy import rulebook
from services.warning.policy.router import PolicyRouter, TemplateComposer
from tests.support.smsc import MessageCentre, message_centre

_AT_ONCE = 200
_QUIET_SECONDS = 60.0


def main() -> None:
    """Measure, and print or keep the result."""
    parser = argparse.ArgumentParser(prog="fanzha bench warnings", description=__doc__)
    parser.add_argument("--rate", type=float, default=100, help="hits a second, steadily")
    parser.add_argument("--seconds", type=float, default=30, help="how long")
    parser.add_argument("--burst", type=int, default=1000, help="hits at once")
    parser.add_argument("--flat-out", type=int, default=5000, help="hits for the highest rate")
    parser.add_argument(
        "--claims-in-memory", action="store_true", help="with warning_claims_on_disk = false"
    )
    parser.add_argument("--save", action="store_true", help="keep it in benchmarks/results")
    options = parser.parse_args()
    measured = asyncio.run(_measure(options))
    results.write("warnings", measured, save=options.save)
    if measured["lost"] or measured["doubled"]:
        sys.exit(1)


async def _measure(options: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="fanzha-warnings-") as name:
        valkey = EmbeddedValkey(Path(name))
        url = await valkey.start()
        try:
            async with (
                message_centre() as centre,
                _pipeline(url, Path(name), centre, on_disk=not options.claims_in_memory) as client,
            ):
                offered = Offered(client, centre)
                await offered.steadily(1, 20.0)  # connections, scripts, caches
                sys.stderr.write(f"{options.rate:g} a second for {options.seconds:g} s\n")
                steady = await offered.steadily(int(options.rate * options.seconds), options.rate)
                sys.stderr.write(f"{options.burst} at once\n")
                burst = await offered.steadily(options.burst, float("inf"))
                sys.stderr.write(f"{options.flat_out} at once\n")
                flat_out = await offered.steadily(options.flat_out, float("inf"))
                got = Counter(line["to"] for line in centre.of("message"))
        finally:
            await valkey.stop()
    return {
        "claims_on_disk": not options.claims_in_memory,
        "steady": {"rate": options.rate} | steady,
        "burst": burst,
        "flat_out": flat_out,
        "lost": offered.count - len(got),
        "doubled": sum(number > 1 for number in got.values()),
    }


class Offered:
    """Writes hits, each of another person, and waits for their messages."""

    def __init__(self, client: Client, centre: MessageCentre) -> None:
        self._client = client
        self._centre = centre
        self.count = 0

    async def steadily(self, hits: int, rate: float) -> dict[str, float]:
        """Write so many hits at *rate* a second; return what their messages took."""
        loop, due = asyncio.get_running_loop(), dict[str, float]()
        start = loop.time()
        for first in range(0, hits, _AT_ONCE if rate == float("inf") else 1):
            some = range(first, min(hits, first + (_AT_ONCE if rate == float("inf") else 1)))
            await asyncio.sleep(max(0.0, start + first / rate - loop.time()))
            writing = self._client.pipeline(transaction=False)
            for at in some:
                self.count += 1
                victim = f"+8613{self.count:09}"
                due[victim.removeprefix("+")] = start + at / rate
                hit: Any = _hit(self.count, victim)
                writing.xadd(CONFIRMED, hit)
            await writing.execute()
        lines = await self._heard()
        took = np.array([line["heard"] - due[line["to"]] for line in lines if line["to"] in due])
        last = max(line["heard"] for line in lines)
        return {
            "hits": hits,
            "seconds": round(last - start, 3),
            "messages_per_second": round(hits / (last - start), 1),
            "p50_seconds": round(float(np.quantile(took, 0.5)), 3),
            "p99_seconds": round(float(np.quantile(took, 0.99)), 3),
            "max_seconds": round(float(took.max()), 3),
        }

    async def _heard(self) -> list[dict[str, Any]]:
        """Wait for all messages; where none come any more, for a minute, return what came."""
        seen = -1
        while len(self._centre.of("message")) < self.count:
            try:
                async with asyncio.timeout(_QUIET_SECONDS):
                    return await self._centre.wait_for("message", self.count)
            except (TimeoutError, AssertionError):
                if len(self._centre.of("message")) == seen:
                    break
                seen = len(self._centre.of("message"))
        return self._centre.of("message")


def _hit(decision_id: int, victim: str) -> dict[str, str]:
    return {
        "decision_id": str(decision_id),
        "channel": "CALL",
        "from_party": "+8619900000001",
        "to_party": victim,
        "fraud_type": "FAKE_LOAN",
        "action": "BLOCK",
        "reason": "BLOCKLISTED",
        "pattern": "+8619900000001",
        "entry_id": "e1",
        "evidence": "CALLER",
        "occurred_at_ms": str(now_ms()),
    }


def _settings(url: str, folder: Path, centre: MessageCentre, *, on_disk: bool) -> Settings:
    return Settings(
        redis_url=url,
        data_dir=folder,
        warning_smpp_address=f"127.0.0.1:{centre.port}",
        warning_smpp_per_second=10_000,
        warning_claims_on_disk=on_disk,
        warning_quiet_from="00:00",
        warning_quiet_until="00:00",
    )


@asynccontextmanager
async def _pipeline(
    url: str, folder: Path, centre: MessageCentre, *, on_disk: bool
) -> AsyncIterator[Client]:
    settings = _settings(url, folder, centre, on_disk=on_disk)
    client, registry = connect(url), CollectorRegistry()
    book = rulebook.load(settings)
    router = PolicyRouter(regions=book.regions, policy=book.policy, context=book.context)
    pipeline = wiring.build(
        settings,
        client,
        registry=registry,
        now_ms=now_ms,
        router=router,
        composer=TemplateComposer(book.templates, language=book.language),
    )
    limits = LimitStore(client, rules=book.rules, stopped=never_stopped, now_ms=now_ms)
    sending = dispatch_wiring.build(
        settings,
        client,
        pipeline=pipeline,
        router=router,
        metrics=ChannelMetrics(registry),
        now_ms=now_ms,
        permit=LimitPermit(limits),
    )
    tasks = [*pipeline.start(), *sending.start()]
    try:
        yield client
    finally:
        await sending.drain(10)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await sending.close()
        await client.aclose()


if __name__ == "__main__":
    main()
