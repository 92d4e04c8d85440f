"""Asks the limits of `services.warning.dispatch.limit_store` for the messages of a channel."""

from services.warning.cases import ids
from services.warning.channels.channel import Outgoing
from services.warning.dispatch.limit_store import LimitStore
from services.warning.dispatch.limits import LimitCheck, SendPermission
from services.warning.model import Tier


class LimitPermit:
    """Lets out what kill switch, opt-outs, limits and quiet hours let out."""

    def __init__(self, limits: LimitStore) -> None:
        self._limits = limits

    async def may_send(self, outgoing: Outgoing, channel: str) -> SendPermission:
        """Return whether *outgoing* may go out now; if so it is counted, once."""
        return await self._limits.may_send(_asked(outgoing, channel))

    async def give_back(self, outgoing: Outgoing, channel: str) -> None:
        """Take a message out of the count, because no channel took it after all."""
        await self._limits.give_back(_asked(outgoing, channel))


def _asked(outgoing: Outgoing, channel: str) -> LimitCheck:
    return LimitCheck(
        message_id=outgoing.message_id,
        victim=outgoing.to,
        tier=Tier(outgoing.tier or Tier.LOW),
        campaign=outgoing.campaign or ids.case_of_message(outgoing.message_id),
        form=channel,
        text=outgoing.text,
    )
