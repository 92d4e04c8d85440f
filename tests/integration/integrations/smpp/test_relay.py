"""The SMPP relay between two real implementations: npm smpp as ESME and as message centre."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from services.warning.channels import sms_parts
from tests.support.external_servers import skip_or_fail
from tests.support.message_relays import RunningAdapter, adapter_up
from tests.support.processes import LEAN, Running, eventually, fanzha_up
from tests.support.smsc import MessageCentre, NoMessageCentre, ledger_centre, node_peer

FRAUDSTER = "+8617000000911"
HONEST = "+8617000000001"
REFUSED = 0x45


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with fanzha_up(tmp_path_factory.mktemp("service"), workers=1, **LEAN) as running:
        running.fanzha("blocklist", "add", FRAUDSTER, "--source", "province", "--reason", "test")
        check = ("check", "call", "--from", FRAUDSTER, "--to", "+8619900000001")
        eventually(lambda: "blocklisted" in running.fanzha(*check, check=False).stdout)
        yield running


@dataclass(frozen=True, slots=True)
class Relayed:
    """A message centre behind a relay."""

    centre: MessageCentre
    adapter: RunningAdapter
    folder: Path

    async def sent(
        self, messages: list[dict[str, Any]], *, window: int = 10, **options: object
    ) -> dict[str, Any]:
        """Send messages by an ESME of its own; return its ledger, statuses by message."""
        file, ledger = self.folder / "messages.jsonl", self.folder / "esme.json"
        file.write_text("".join(json.dumps(message) + "\n" for message in messages))
        async with self.esme(
            messages=str(file), ledger=str(ledger), window=window, **options
        ) as esme:
            await esme.wait_for("done")
        found: dict[str, Any] = json.loads(ledger.read_text())
        found["statuses"] = [status for _, status, _ in sorted(found["answers"])]
        return found

    @asynccontextmanager
    async def esme(self, **options: object) -> AsyncIterator[MessageCentre]:
        """Run an ESME that connects to the relay."""
        async with node_peer("esme.js", port=self.adapter.port("smpp"), **options) as esme:
            yield esme

    async def arrived(self) -> list[tuple[str, int]]:
        """Return receiver and part of what the message centre took, in its order."""
        ledger = await self.centre.ledger(self.folder / "centre.json")
        return [(to, part) for _, to, part, _, _ in ledger["submitted"]]


@asynccontextmanager
async def relayed(
    service: Running, folder: Path, centre: dict[str, object] | None = None, **settings: object
) -> AsyncIterator[Relayed]:
    """Run a message centre, and a relay before it."""
    try:
        async with ledger_centre(**(centre or {})) as running:
            common: dict[str, object] = {
                "listen": "127.0.0.1:0",
                "upstream": f"127.0.0.1:{running.port}",
                "targets": service.interception,
                "timeout_ms": 5000,
                "metrics_listen": "127.0.0.1:0",
            }
            with adapter_up("smpp", folder, **(common | settings)) as adapter:
                yield Relayed(running, adapter, folder)
    except NoMessageCentre as error:
        skip_or_fail(str(error))


def submit(number: int, text: str, source: str = HONEST, **others: object) -> list[dict[str, Any]]:
    """Return the submit_sm of a text, one for each of its parts."""
    parts = sms_parts.cut(text, number)
    return [
        {
            "source_addr": source.removeprefix("+"),
            "source_addr_ton": 1,
            "destination_addr": f"86199{number:08}",
            "dest_addr_ton": 1,
            "data_coding": parts.data_coding,
            "esm_class": 0x40 if parts.several else 0,
            "hex": body.hex(),
            **others,
        }
        for body in parts.bodies
    ]


async def test_what_is_honest_arrives_in_order_and_what_is_listed_is_refused(
    service: Running, tmp_path: Path
) -> None:
    texts = [submit(at, f"晚上一起吃饭吗 {at}") for at in range(40)]
    texts[7] = submit(7, "hello", FRAUDSTER)
    messages = [message for parts in texts for message in parts]

    async with relayed(service, tmp_path, {"latency": 5}) as relay:
        ledger = await relay.sent(messages)
        arrived = await relay.arrived()

    assert ledger["statuses"] == [REFUSED if at == 7 else 0 for at in range(40)]
    assert arrived == [(f"86199{at:08}", 1) for at in range(40) if at != 7]
