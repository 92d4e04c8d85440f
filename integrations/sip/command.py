"""Runs the SIP adapter: ``fanzha-adapter sip``."""

import asyncio
import sys
from pathlib import Path

from infra import garbage_collection, process_lifecycle
from integrations.common import process
from integrations.common.adapter_metrics import AdapterMetricsServer
from integrations.common.decider import TrafficDecider
from integrations.common.settings import load
from integrations.sip.identity.verification import IdentityVerifier
from integrations.sip.jcard import JcardSigner, keep_signed
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
    signer = _signer(settings)
    verifier = IdentityVerifier(settings, metrics.count_identity)
    page = AdapterMetricsServer.start(metrics, settings.metrics_listen)
    async with TrafficDecider(settings, metrics) as decider:
        redirector = CallRedirector(
            settings, decider, verifier.attestation_of, metrics.count_undecided
        )
        server = SipRedirectServer(settings, redirector, metrics)
        transports = SipTransports(settings, server)
        try:
            addresses = await transports.start()
        except OSError as error:
            sys.exit(f"listen: {error}")
        serving: dict[str, object] = {"sip": ",".join(addresses)}
        if page is not None:
            serving["metrics"] = page.port
        tasks = []
        if signer is not None and settings.jcard_file is not None:
            tasks.append(asyncio.create_task(keep_signed(signer, settings.jcard_file)))
        garbage_collection.settle_memory()
        process.say_serving(**serving)
        await process_lifecycle.first_of(stop, *tasks)
        await process_lifecycle.cancel(tasks)
        await server.drain()
        await transports.stop()


def _signer(settings: SipSettings) -> JcardSigner | None:
    try:
        return JcardSigner.of(settings)
    except (OSError, ValueError) as error:
        sys.exit(f"jcard: {error}")
