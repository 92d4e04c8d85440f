"""Tells secondaries that the zone has changed (NOTIFY, RFC 1996), so that they ask at once."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.tsig

from integrations.dns.metrics import DnsMetrics
from integrations.dns.tsig import Keys

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""How long each try waits for an answer."""
REPEAT_SECONDS = (1.0, 3.0, 10.0)
"""Pauses after which a secondary is told again: one that starts, or is busy with a transfer, may
answer and forget. One that has the serial does nothing; then it finds out by its refresh."""


@dataclass(frozen=True, slots=True)
class Secondary:
    """A name server that takes the zone from us."""

    host: str
    port: int
    key: dns.tsig.Key | None = field(default=None, compare=False)


def secondaries(text: str, keys: Keys) -> list[Secondary]:
    """Read ``host:port,host:port#key``; ValueError for what is none, or an unknown key."""
    found = []
    for one in filter(None, (part.strip() for part in text.split(","))):
        address, _, key_name = one.partition("#")
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal():
            raise ValueError(f"notify: {one} is no host:port")
        key = None
        if key_name:
            key = next((key for name, key in keys.items() if str(name) == f"{key_name}."), None)
            if key is None:
                raise ValueError(f"notify: there is no key {key_name}")
        found.append(Secondary(host.strip("[]"), int(port), key))
    return found


class Notifier:
    """Notifies each secondary on its own; while one waits, changes come together."""

    def __init__(self, zone: str, targets: Sequence[Secondary], metrics: DnsMetrics) -> None:
        self._zone = zone
        self._targets = targets
        self._metrics = metrics
        self._serial = 0
        self._news = {target: asyncio.Event() for target in targets}

    def changed(self, serial: int) -> None:
        """Tell all secondaries of a new serial; returns at once."""
        self._serial = serial
        for news in self._news.values():
            news.set()

    async def run(self) -> None:
        """Notify until cancelled."""
        await asyncio.gather(*(self._notify_one(target) for target in self._targets))

    async def _notify_one(self, target: Secondary) -> None:
        news = self._news[target]
        while True:
            await news.wait()
            news.clear()
            result = await self._notified(target, news)
            self._metrics.count_notification(result)
            if result != "answered":
                logger.warning("a secondary did not take a NOTIFY: %s", result)
            for pause in REPEAT_SECONDS:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(news.wait(), pause)
                if news.is_set():
                    break
                await self._notified(target, news)

    async def _notified(self, target: Secondary, news: asyncio.Event) -> str:
        for patience in PATIENCE_SECONDS:
            try:
                answer = await dns.asyncquery.udp(
                    self._message(target), target.host, timeout=patience, port=target.port
                )
            except (dns.exception.DNSException, OSError):
                if news.is_set():
                    return "unanswered"  # there is a newer serial to tell
                await asyncio.sleep(0)
            else:
                return "answered" if answer.rcode() == dns.rcode.NOERROR else "refused"
        return "unanswered"

    def _message(self, target: Secondary) -> dns.message.Message:
        message = dns.message.make_query(self._zone, dns.rdatatype.SOA)
        message.set_opcode(dns.opcode.NOTIFY)
        message.flags = dns.flags.AA | dns.opcode.to_flags(dns.opcode.NOTIFY)
        times = f"{self._serial} 60 10 604800 60"
        message.answer.append(
            dns.rrset.from_text(
                self._zone + ".", 60, "IN", "SOA", f"localhost. hostmaster.localhost. {times}"
            )
        )
        if target.key is not None:
            message.use_tsig(target.key)
        return message
