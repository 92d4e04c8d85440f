"""One process that sends warnings into a file: the real outbox, with a channel that only notes.

``python -m benchmarks.warning.sink URL FILE CLAIM_MS``: each line is a message that somebody got.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

from infra.clock import now_ms
from infra.redis.client import connect
from infra.redis.dead_letters import DeadLetters
from services.warning import keys
from services.warning.cases.events import MessageRef
from services.warning.cases.store import CaseStore
from services.warning.channels.channel import Outgoing, SendResult
from services.warning.dispatch.delivery_records import DeliveryRecords
from services.warning.dispatch.send_worker import SendWorker

_TAKES_SECONDS = 0.02
"""A message centre takes a while to answer: time to be killed in."""


class NotingSender:
    """Appends what it is given to a file, in one write, and accepts it a little later."""

    width = 64
    repeatable = False

    def __init__(self, file: Path) -> None:
        self._file = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    async def ready(self) -> None:
        """Return at once."""

    async def send(self, outgoing: Outgoing) -> SendResult:
        line = {
            "message_id": outgoing.message_id,
            "to": outgoing.to,
            "case_id": outgoing.case_id,
            "by": os.getpid(),
        }
        os.write(self._file, f"{json.dumps(line)}\n".encode())
        await asyncio.sleep(_TAKES_SECONDS)
        return SendResult(accepted=True)

    async def close(self) -> None:
        os.close(self._file)


class NoTimes(DeliveryRecords):
    """Notes what became of messages; there are no quiet hours here, and no schedule."""

    async def postpone(self, message: MessageRef, *, until_ms: int, why: str) -> None:
        """Put nothing off."""

    async def obsolete_reason(self, message: MessageRef) -> str:
        """Want all."""
        return ""


async def run(url: str, file: Path, claim_ms: int) -> None:
    client = connect(url, connections=64)
    outbox = SendWorker(
        client=client,
        channel="sms",
        sender=NotingSender(file),
        record=NoTimes(CaseStore(client), now_ms=now_ms),
        dead=DeadLetters(client, keys.DEAD_LETTERS),
        consumer=f"sink-{os.getpid()}",
        now_ms=now_ms,
        claim_ms=claim_ms,
    )
    await outbox.run()


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
