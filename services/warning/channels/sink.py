"""Test sink: accepts every message and sends none; a stream keeps them for inspection."""

from typing import Any

from fanzha.errors import Unavailable
from infra.redis.client import Client, within
from services.warning.channels.channel import Outgoing, SendResult

STREAM = "fanzha:warning:sink"
_ROWS = 100_000
_SECONDS = 4.0
_AGAIN_SECONDS = 5.0


class TestSink:
    """Appends messages to the capped stream `STREAM`."""

    width = 64
    repeatable = True

    def __init__(self, client: Client, channel: str) -> None:
        self._client = client
        self._channel = channel

    async def ready(self) -> None:
        """Return at once."""

    async def send(self, outgoing: Outgoing) -> SendResult:
        """Append a message."""
        fields: Any = {
            "channel": self._channel,
            "message_id": outgoing.message_id,
            "to": outgoing.to,
            "text": outgoing.text,
        }
        try:
            async with within(_SECONDS):
                place = await self._client.xadd(STREAM, fields, maxlen=_ROWS, approximate=True)
        except Unavailable as error:
            return SendResult(error=str(error), retry_after=_AGAIN_SECONDS, down=True)
        return SendResult(accepted=True, provider_ids=(str(place),))

    async def close(self) -> None:
        """Do nothing: the caller owns the client."""
