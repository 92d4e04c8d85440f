"""Life of an adapter's process: logging, signals, an orderly end."""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable

import structlog
from structlog.typing import Processor

from infra import process_lifecycle
from integrations.common.settings import AdapterSettings

Adapter = Callable[[asyncio.Event], Awaitable[None]]
"""Serves until the event is set, then drains and returns."""


def run(adapter: Adapter, settings: AdapterSettings) -> None:
    """Run *adapter* until SIGTERM or Ctrl-C."""
    configure_logging(settings.log_level)
    asyncio.run(_until_signal(adapter))


def say_serving(**addresses: object) -> None:
    """Say on standard output, in one line, that the adapter serves, and where."""
    places = " ".join(f"{name}={address}" for name, address in addresses.items())
    sys.stdout.write(f"SERVING {places}\n")
    sys.stdout.flush()


def address_of(listen: str) -> tuple[str, int]:
    """Split ``host:port``; a host in brackets is an IPv6 address, an empty one is loopback."""
    host, _, port = listen.rpartition(":")
    return host.strip("[]") or "127.0.0.1", int(port)


def configure_logging(level: str) -> None:
    """Log a JSON line per event to standard error; modules log no numbers, texts or links."""
    handler = logging.StreamHandler(sys.stderr)
    chain: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=chain,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


async def _until_signal(adapter: Adapter) -> None:
    await adapter(process_lifecycle.stop_event())
