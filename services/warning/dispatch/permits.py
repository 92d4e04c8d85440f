"""Permits: whether a message of a channel may be sent now."""

from typing import Protocol

from services.warning.cases import ids
from services.warning.channels.channel import Outgoing
from services.warning.dispatch.limit_store import LimitStore
from services.warning.dispatch.limits import LimitCheck, SendPermission
from services.warning.model import Tier


class SendPermit(Protocol):
    """Decides whether a message may be sent now."""

    async def may_send(self, outgoing: Outgoing, channel: str) -> SendPermission:
        """Return whether *outgoing* may be sent now; if so, count it."""

    async def give_back(self, outgoing: Outgoing, channel: str) -> None:
        """Uncount a message that no channel accepted."""


class AlwaysPermit:
    """Permits everything."""

    async def may_send(self, outgoing: Outgoing, channel: str) -> SendPermission:  # noqa: ARG002
        """Return a permission."""
        return SendPermission(allowed=True)

    async def give_back(self, outgoing: Outgoing, channel: str) -> None:
        """Do nothing: it counts nothing."""


class LimitPermit:
    """Permits what kill switch, opt-outs, limits and quiet hours allow."""

    def __init__(self, limits: LimitStore) -> None:
        self._limits = limits

    async def may_send(self, outgoing: Outgoing, channel: str) -> SendPermission:
        """Return whether *outgoing* may be sent now; if so, count it once."""
        return await self._limits.may_send(_check_of(outgoing, channel))

    async def give_back(self, outgoing: Outgoing, channel: str) -> None:
        """Uncount a message that no channel accepted."""
        await self._limits.give_back(_check_of(outgoing, channel))


def _check_of(outgoing: Outgoing, channel: str) -> LimitCheck:
    return LimitCheck(
        message_id=outgoing.message_id,
        victim=outgoing.to,
        tier=Tier(outgoing.tier or Tier.LOW),
        campaign=outgoing.campaign or ids.case_of_message(outgoing.message_id),
        form=channel,
        text=outgoing.text,
        educates=ids.education_of(outgoing.message_id) is not None,
    )
