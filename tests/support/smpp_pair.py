"""A message centre and a client of npm smpp, with a relay between them or without."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.adapters import RunningAdapter, adapter_up
from tests.support.processes import Running, eventually
from tests.support.sms_traffic import FRAUDSTER, LISTED_HOST, TrafficMessage
from tests.support.smsc import MessageCentre, ledger_centre, node_peer

SETTINGS: dict[str, object] = {
    "listen": "127.0.0.1:0",
    "metrics_listen": "127.0.0.1:0",
    # Where all cores are taken, the rest of a message may come seconds later.
    "segment_hold_ms": 30_000,
}


@dataclass(frozen=True, slots=True)
class EsmeLedger:
    """What a client wrote down."""

    answers: list[tuple[int, int]]
    """Index of a PDU and status of its response, in the order of the responses."""
    ids: dict[int, str]
    delivered: list[tuple[str, int]]
    """Sender and esm_class of each delivery."""
    closed: bool
    seconds: float

    @property
    def statuses(self) -> list[int]:
        """Statuses in the order of the requests."""
        return [status for _, status in sorted(self.answers)]


@dataclass(frozen=True, slots=True)
class SmppPair:
    """A message centre, and what clients connect to: the centre, or a relay before it."""

    centre: MessageCentre
    port: int
    folder: Path
    adapter: RunningAdapter | None = None

    async def send(
        self, pdus: Sequence[dict[str, Any]], *, window: int = 10, **options: object
    ) -> EsmeLedger:
        """Send PDUs by a client of its own; return its ledger once all are answered."""
        async with self.sending(pdus, window=window, **options) as esme:
            await esme.wait_for("done")
        return self.esme_ledger()

    @asynccontextmanager
    async def sending(
        self, pdus: Sequence[dict[str, Any]], *, window: int = 10, **options: object
    ) -> AsyncIterator[MessageCentre]:
        """Run a client that sends PDUs."""
        file = self.folder / "messages.jsonl"
        text = "".join(json.dumps(pdu) + "\n" for pdu in pdus)
        await asyncio.to_thread(file.write_text, text)
        ledger = str(self.folder / "esme.json")
        async with node_peer(
            "esme.js", port=self.port, messages=str(file), ledger=ledger, window=window, **options
        ) as esme:
            yield esme

    def esme_ledger(self) -> EsmeLedger:
        """Return the ledger of the last client."""
        found = json.loads((self.folder / "esme.json").read_text())
        return EsmeLedger(
            answers=[(at, status) for at, status, _ in found["answers"]],
            ids={at: message_id for at, _, message_id in found["answers"]},
            delivered=[(sender, esm_class) for sender, esm_class in found["delivered"]],
            closed=found["closed"],
            seconds=found["seconds"],
        )

    async def ledger(self) -> Any:
        """Return the ledger of the message centre."""
        return await self.centre.ledger(self.folder / "centre.json")

    async def arrived(self) -> list[tuple[str, int]]:
        """Return receiver and part of what the message centre took, in its order."""
        return [(to, part) for _, to, part, *_ in (await self.ledger())["submitted"]]


@asynccontextmanager
async def direct(folder: Path, **centre: object) -> AsyncIterator[SmppPair]:
    """Run a message centre that clients connect to."""
    async with ledger_centre(**centre) as running:
        yield SmppPair(running, running.port, folder)


@asynccontextmanager
async def relayed(
    target: str, folder: Path, centre: Mapping[str, object] | None = None, **settings: object
) -> AsyncIterator[SmppPair]:
    """Run a message centre, and a relay before it that asks *target*."""
    async with (
        ledger_centre(**(centre or {})) as running,
        relay_before(running, target, folder, **settings) as pair,
    ):
        yield pair


@asynccontextmanager
async def relay_before(
    centre: MessageCentre, target: str, folder: Path, **settings: object
) -> AsyncIterator[SmppPair]:
    """Run a relay before a message centre."""
    addresses = {"upstream": f"127.0.0.1:{centre.port}", "targets": target}
    with adapter_up("smpp", folder, **(addresses | SETTINGS | settings)) as adapter:
        yield SmppPair(centre, adapter.port("smpp"), folder, adapter)


NO_HISTORY = {"FANZHA_SENDER_HISTORY_ACTION": "off"}
"""Settings where what a sender of `sms_traffic` sent before counts for nothing.

The honest sender sends a listed link now and then; its texts right after one would be refused.
"""


def list_fraud(service: Running) -> None:
    """List the number and the host that fraud of `sms_traffic` has, and wait for both."""
    for entry in (FRAUDSTER, LISTED_HOST):
        service.fanzha("blocklist", "add", entry, "--source", "province", "--reason", "test")
    for check in (
        ("call", "--from", FRAUDSTER, "--to", "+8619900000001"),
        ("link", f"https://{LISTED_HOST}/"),
    ):
        eventually(
            lambda check=check: "blocklisted" in service.fanzha("check", *check, check=False).stdout  # type: ignore[misc]
        )


def pdus_of(messages: Sequence[TrafficMessage]) -> list[dict[str, Any]]:
    """Return the PDUs of messages, in their order."""
    return [pdu for message in messages for pdu in message.pdus]
