"""What the send worker asks of educational messages, and what it tells."""

from collections.abc import Callable

from fanzha.errors import NotFound
from infra.clock import monotonic_seconds
from infra.redis.damaged_records import DamagedRecord
from services.education.metrics import EducationMetrics
from services.education.model import EducationCampaign, PersonState
from services.education.recipient_store import RecipientStore
from services.education.store import EducationStore
from services.warning.cases import ids
from services.warning.cases.events import MessageRef
from services.warning.channels.channel import Outgoing
from services.warning.dispatch.limits import SendPermission, WithholdReason
from services.warning.dispatch.permits import SendPermit

FRESH_SECONDS = 0.4
"""How long a read campaign holds: as the kill switch, a stop acts within a second."""
_WITHHELD = frozenset(one.value for one in WithholdReason if one)


class EducationPermit:
    """Permits no message of a campaign that is over; all others as the limits do."""

    def __init__(
        self, permit: SendPermit, store: EducationStore, *, now_ms: Callable[[], int]
    ) -> None:
        self._permit = permit
        self._store = store
        self._now_ms = now_ms
        self._read: dict[int, tuple[float, EducationCampaign | None]] = {}

    async def may_send(self, outgoing: Outgoing, channel: str) -> SendPermission:
        """Return whether *outgoing* may be sent now; if so, count it once."""
        found = ids.education_of(outgoing.message_id)
        if found is not None:
            campaign = await self._campaign(found[0])
            if campaign is None or not campaign.lets_send(self._now_ms()):
                return SendPermission(allowed=False, reason=WithholdReason.CAMPAIGN_OVER)
        return await self._permit.may_send(outgoing, channel)

    async def give_back(self, outgoing: Outgoing, channel: str) -> None:
        """Uncount a message that no channel accepted."""
        await self._permit.give_back(outgoing, channel)

    async def _campaign(self, campaign_id: int) -> EducationCampaign | None:
        now = monotonic_seconds()
        read_at, campaign = self._read.get(campaign_id, (-FRESH_SECONDS, None))
        if now - read_at >= FRESH_SECONDS:
            try:
                campaign = await self._store.get(campaign_id)
            except (NotFound, DamagedRecord):
                campaign = None  # its messages are refused, and hold up no warning
            self._read[campaign_id] = (now, campaign)
        return campaign


class EducationRecords:
    """Records what became of messages with the recipients of their campaign. Idempotent."""

    def __init__(self, recipients: RecipientStore, metrics: EducationMetrics) -> None:
        self._recipients = recipients
        self._metrics = metrics

    async def sent(self, message: MessageRef, *, by: str) -> None:  # noqa: ARG002
        """Record that the channel accepted a message."""
        await self._settle(message, PersonState.SENT)

    async def delivered(self, message: MessageRef, *, by: str, at_ms: int = 0) -> None:  # noqa: ARG002
        """Record that a message was delivered."""
        await self._settle(message, PersonState.DELIVERED)

    async def failed(self, message: MessageRef, *, by: str, why: str, at_ms: int = 0) -> None:  # noqa: ARG002
        """Record that a message was not delivered, or not sent."""
        withheld = why in _WITHHELD
        await self._settle(message, PersonState.WITHHELD if withheld else PersonState.FAILED)

    async def postpone(self, message: MessageRef, *, until_ms: int, why: str) -> None:
        """Do nothing: nothing else waits for an educational message."""

    async def obsolete_reason(self, message: MessageRef) -> str:  # noqa: ARG002
        """Return none: `EducationPermit` refuses what is obsolete."""
        return ""

    async def _settle(self, message: MessageRef, state: PersonState) -> None:
        found = ids.education_of(message.id)
        if found is not None and await self._recipients.settle(*found, state):
            self._metrics.counted(state.value)
