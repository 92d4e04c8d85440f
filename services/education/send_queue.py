"""Hands educational messages to the queue of the SMS channel, behind all warnings.

The queue is that of warnings: kill switch, opt-outs, limits, quiet hours and the ledger that sends
each message at most once are those of `services.warning.dispatch`. Few messages are in it at once:
a warning never waits for a campaign.
"""

from collections.abc import Mapping
from typing import Any

from infra.redis.client import Client, within
from services.education.model import EducationCampaign, EducationRecipient
from services.warning.cases import ids
from services.warning.dispatch.outbox_relay import append_message, send_stream
from services.warning.model import Tier

CHANNEL = "sms"
_SECONDS = 4.0


class EducationQueue:
    """The queue of the SMS channel. Raises `Unavailable` while Redis is away."""

    def __init__(self, client: Client, *, most_waiting: int) -> None:
        """*most_waiting* messages of any kind may be in the queue for more to be added."""
        self._client: Any = client
        self._most_waiting = most_waiting

    async def room(self) -> int:
        """Return how many messages may be added now; 0 while others wait."""
        async with within(_SECONDS):
            waiting = int(await self._client.xlen(send_stream(CHANNEL)))
        return max(0, self._most_waiting - waiting)

    async def append(
        self, campaign: EducationCampaign, people: Mapping[str, EducationRecipient], now_ms: int
    ) -> None:
        """Append a message to each person, by digest; once, however often it is called."""
        writing = self._client.pipeline(transaction=False)
        for digest, person in people.items():
            append_message(writing, CHANNEL, _fields(campaign, digest, person, now_ms))
        async with within(_SECONDS):
            await writing.execute()


def _fields(
    campaign: EducationCampaign, digest: str, person: EducationRecipient, now_ms: int
) -> dict[str, str]:
    return {
        "message_id": ids.education_id(campaign.campaign_id, digest),
        "to": person.number,
        "text": campaign.message.text,
        "template": campaign.message.label,
        "tier": str(int(Tier.LOW)),
        "step": "0",
        "campaign": f"education:{campaign.campaign_id}",
        "region": person.region,
        "queued_at_ms": str(now_ms),
    }
