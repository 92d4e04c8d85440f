"""Runs the SIP adapter: ``fanzha-adapter sip``."""

import asyncio
from pathlib import Path

from integrations.common import process
from integrations.common.adapter_metrics import AdapterMetricsServer
from integrations.common.decider import TrafficDecider
from integrations.common.settings import load
from integrations.sip.identity.verification import IdentityVerifier
from integrations.sip.metrics import SipMetrics
from integrations.sip.redirect import CallRedirector
from integrations.sip.server import SipRedirectServer
from integrations.sip.settings import SipSettings
from integrations.sip.transports import SipTransports

SETTINGS = SipSettings


def main(config: Path | None) -> None:
    """Serve until told to end."""
    settings = load(SipSettings, config)

    async def serve(stop: asyncio.Event) -> None:
        await _serve(settings, stop)

    process.run(serve, settings)


async def _serve(settings: SipSettings, stop: asyncio.Event) -> None:
    metrics = SipMetrics()
    verifier = IdentityVerifier(settings, metrics.count_identity)
    page = AdapterMetricsServer.start(metrics, settings.metrics_listen)
    async with TrafficDecider(settings, metrics) as decider:
        redirector = CallRedirector(settings, decider, verifier.attestation_of)
        server = SipRedirectServer(settings, redirector, metrics)
        transports = SipTransports(settings, server)
        addresses = await transports.start()
        serving: dict[str, object] = {"sip": ",".join(addresses)}
        if page is not None:
            serving["metrics"] = page.port
        process.say_serving(**serving)
        await stop.wait()
        await server.drain()
        await transports.stop()
