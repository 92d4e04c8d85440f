"""Runs the policy zone as a process."""

import asyncio
import sys
from pathlib import Path

from integrations.common import process
from integrations.common.adapter_metrics import AdapterMetricsServer
from integrations.common.settings import load
from integrations.dns.metrics import DnsMetrics
from integrations.dns.primary import PolicyPrimary
from integrations.dns.settings import DnsSettings

SETTINGS = DnsSettings


def main(config: Path | None) -> None:
    """Serve until told to stop."""
    settings = load(DnsSettings, config)
    metrics = DnsMetrics()
    AdapterMetricsServer.start(metrics, settings.metrics_listen)

    async def serve(stop: asyncio.Event) -> None:
        try:
            primary = PolicyPrimary(settings, metrics)
        except (ValueError, OSError) as error:
            sys.exit(str(error))
        await primary.run(stop)

    process.run(serve, settings)
