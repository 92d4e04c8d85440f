"""Asks the service about the text of a message, and turns the answer into what to do with it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from fanzha.client import Answer, Text
from integrations.common.decider import TrafficDecider
from integrations.messages import data_coding
from integrations.messages.carried_message import CarriedMessage, Coding, MessageDirection
from integrations.messages.relay_settings import BlockPolicy, RelaySettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What to do with a message."""

    blocked: bool
    dropped: bool = False
    """Whether the sender is to believe that it was accepted."""
    status: int | None = None
    """Of the refusal, as the service names it; None: the protocol's default."""
    decision_id: int = 0
    delay_seconds: float = 0.0
    label: str = ""


LET_THROUGH = Verdict(blocked=False)


class TextJudge:
    """Shared by the sessions of a relay."""

    def __init__(self, decider: TrafficDecider, settings: RelaySettings) -> None:
        self._decider = decider
        self._settings = settings
        self._ingress = settings.ingress_value

    def unjudged(self, parts: Sequence[CarriedMessage], direction: MessageDirection) -> str | None:
        """Return why no decision is asked for, as metrics name it; None: one is."""
        if self._settings.policy(direction) is BlockPolicy.OFF:
            return "off"
        if parts[0].receipt:
            return "receipt"
        if not parts[0].receivers or all(part.text.coding is Coding.BINARY for part in parts):
            return "unjudged"
        return None

    async def judge(
        self, parts: Sequence[CarriedMessage], direction: MessageDirection, trunk: str
    ) -> Verdict:
        """Decide on the text of *parts*, in their order."""
        body = data_coding.text_of([part.text for part in parts])
        if not body:
            return LET_THROUGH
        first = parts[0]
        texts = [
            Text(
                sender=first.sender or trunk,
                receiver=receiver,
                body=body,
                trunk=trunk,
                ingress=self._ingress if direction is MessageDirection.SUBMIT else 0,  # type: ignore[arg-type]
            )
            for receiver in first.receivers
        ]
        if len(texts) == 1:
            return self._verdict(await self._decider.text(texts[0]), direction)
        answers = await asyncio.gather(*(self._decider.text(text) for text in texts))
        verdicts = [self._verdict(answer, direction) for answer in answers]
        return next((verdict for verdict in verdicts if verdict.blocked), verdicts[0])

    def _verdict(self, answer: Answer, direction: MessageDirection) -> Verdict:
        protocol = answer.protocol_answer
        if not self._decider.refuses(answer):
            return Verdict(blocked=False, label=protocol.label) if protocol else LET_THROUGH
        status: int | None = None
        if protocol is not None and protocol.HasField("smpp"):
            smpp = protocol.smpp
            submit = direction is MessageDirection.SUBMIT
            status = smpp.submit_status if submit else smpp.deliver_status
        return Verdict(
            blocked=True,
            dropped=self._settings.policy(direction) is BlockPolicy.DROP,
            status=status,
            decision_id=answer.decision_id,
            delay_seconds=answer.delay_ms / 1000,
        )
