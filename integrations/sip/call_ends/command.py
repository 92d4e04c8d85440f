"""Reports ended calls from files of a switch: ``fanzha-adapter call-ends``.

A process of its own, since the redirect server must not wait for disks.
"""

import asyncio
import logging
from pathlib import Path

from infra import process_lifecycle
from infra.backoff import Backoff
from infra.periodic import run_periodically
from integrations.common import process
from integrations.common.adapter_metrics import AdapterMetricsServer
from integrations.common.decider import TrafficDecider
from integrations.common.settings import load
from integrations.sip.call_ends.follower import CallEndFollower
from integrations.sip.call_ends.record import CallEndReader
from integrations.sip.call_ends.settings import CallEndSettings
from integrations.sip.metrics import CallEndMetrics

SETTINGS = CallEndSettings
_LONGEST_PAUSE_SECONDS = 30.0


def main(config: Path | None) -> None:
    """Follow until told to end."""
    settings = load(CallEndSettings, config)

    async def follow(stop: asyncio.Event) -> None:
        await _follow(settings, stop)

    process.run(follow, settings)


async def _follow(settings: CallEndSettings, stop: asyncio.Event) -> None:
    metrics = CallEndMetrics()
    page = AdapterMetricsServer.start(metrics, settings.metrics_listen)
    async with TrafficDecider(settings, metrics) as decider:
        follower = CallEndFollower(
            pattern=settings.files,
            state=settings.state,
            reader=CallEndReader(
                is_csv=settings.format == "csv", names=settings.names, columns=settings.columns
            ),
            report=decider.report_call_ends,
            count=metrics.count_ends,
        )
        process.say_serving(**({"metrics": page.port} if page else {}))
        task = asyncio.create_task(
            run_periodically(
                follower.step,
                every_seconds=settings.every_seconds,
                task="report call ends",
                logger=logging.getLogger(__name__),
                backoff=Backoff(max_seconds=_LONGEST_PAUSE_SECONDS),
            )
        )
        await process_lifecycle.first_of(stop, task)
        await process_lifecycle.cancel([task])
