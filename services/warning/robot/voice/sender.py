"""Sends warnings by voice: the robot calls, and talks by a script. A channel of `dispatch`.

A call that nobody answers is a message that is tried again: rounds, quiet hours, the kill switch
and the ledger that lets no two processes make one call are those of every channel. Checked again
right before the call, since a message may have waited for a line.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from fanzha.errors import Unavailable
from infra.periodic import retry_until_available
from services.warning.cases.events import HeardReply, MessageRef
from services.warning.cases.model import Case, CaseState
from services.warning.channels.channel import (
    UNANSWERED,
    OnReceipt,
    Outgoing,
    Receipt,
    ReceiptState,
    SendResult,
)
from services.warning.dispatch import outbox_relay
from services.warning.dispatch.permits import SendPermit
from services.warning.robot import dialogue
from services.warning.robot.script import RobotOutcome, RobotScript
from services.warning.robot.voice.call_ends import REDIALLED, CallEnd, CallFailure
from services.warning.robot.voice.call_records import CallRecords
from services.warning.robot.voice.conversation import ConversationPlan, TalkResult
from services.warning.robot.voice.prompts import PromptSource

logger = logging.getLogger(__name__)
VOICE = "voice"
_AGAIN_SECONDS = 5.0
_JITTER = 0.1


class CallLimit(Protocol):
    """Counts calls to a person."""

    async def take_call(self, victim: str) -> int:
        """Count a call; return 0 where it may be made, else when the next may, in ms."""
        ...

    async def give_back_call(self, victim: str) -> None:
        """Uncount a call that the person did not notice."""


class CallLine(Protocol):
    """The connection to the trunk, and who calls over it."""

    async def ready(self) -> None:
        """Return when calls can be made."""

    async def call(self, number: str, plan: ConversationPlan) -> TalkResult | CallFailure:
        """Call an E.164 number and talk; return how that went."""
        ...

    async def close(self) -> None:
        """Disconnect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedialRules:
    """How often a person is called about one warning."""

    rounds: int = 3
    minutes: float = 10.0
    """Between two rounds, about."""


class VoiceSender:
    """Calls people, one message each."""

    repeatable = False

    def __init__(
        self,
        *,
        line: CallLine,
        scripts: Sequence[RobotScript],
        language: str,
        prompts: PromptSource,
        records: CallRecords,
        permit: SendPermit,
        limit: CallLimit,
        redial: RedialRules,
        on_receipt: OnReceipt,
        now_ms: Callable[[], int],
        width: int,
        counted: Callable[[str], None] = lambda _end: None,
    ) -> None:
        """Call *counted* with the end of each call."""
        self.width = width
        self._line = line
        self._scripts = scripts
        self._language = language
        self._prompts = prompts
        self._records = records
        self._permit = permit
        self._limit = limit
        self._redial = redial
        self._on_receipt = on_receipt
        self._now_ms = now_ms
        self._counted = counted
        self._preparing: asyncio.Task[None] | None = None

    async def ready(self) -> None:
        """Return when calls can be made: scripts are spoken, and the trunk is connected."""
        if self._preparing is None:
            self._preparing = asyncio.create_task(self._prepare())
        # Shielded: whoever asks gives up after a second and asks again.
        await asyncio.shield(self._preparing)
        await self._line.ready()

    async def _prepare(self) -> None:
        await retry_until_available(
            lambda: self._prompts.prepare(self._scripts), task="speech of calls", logger=logger
        )

    async def close(self) -> None:
        """Disconnect."""
        if self._preparing is not None:
            self._preparing.cancel()
            await asyncio.gather(self._preparing, return_exceptions=True)
        await self._line.close()

    async def send(self, outgoing: Outgoing) -> SendResult:
        """Call a person."""
        try:
            case = await self._records.case(outgoing.case_id)
            if case is None:
                return SendResult(error="the case has expired")
            script = dialogue.chosen(self._scripts, self._language, case.id)
            prompts = await self._prompts.of(script, case.fraud_type, warning=outgoing.text)
            if (not_now := await self._not_now(outgoing, case)) is not None:
                return not_now
        except Unavailable as error:
            return SendResult(error=str(error), retry_after=_AGAIN_SECONDS, untried=True)

        async def on_outcome(outcome: RobotOutcome, reply: HeardReply | None) -> None:
            await self._records.ended(case.id, outgoing.to, outcome, reply)

        plan = ConversationPlan(script=script, prompts=prompts, on_outcome=on_outcome)
        went = await self._line.call(outgoing.to, plan)
        if isinstance(went, CallFailure):
            return await self._failed(outgoing, went)
        if went.machine:
            failure = CallFailure(end=CallEnd.MACHINE, why=f"machine: {went.transcript}")
            return await self._failed(outgoing, failure)
        return await self._talked(outgoing, went)

    async def _not_now(self, outgoing: Outgoing, case: Case) -> SendResult | None:
        """Return why no call is made: the case needs none, or it may not be made now."""
        message = MessageRef(id=outgoing.message_id, channel=VOICE, step=outgoing.step)
        if why := outbox_relay.obsolete_reason(case, message):
            return SendResult(error=why)
        if case.state is CaseState.DISSUADING:
            return SendResult(error="an officer has taken the case")
        permission = await self._permit.may_send(outgoing, VOICE)
        if not permission.allowed:
            return self._later(permission.not_before_ms, permission.reason)
        if next_ms := await self._limit.take_call(outgoing.to):
            return self._later(next_ms, "the calls of the day to this person are used up")
        return None

    def _later(self, at_ms: int, why: str) -> SendResult:
        if not at_ms:
            return SendResult(error=why)
        wait = max(1.0, (at_ms - self._now_ms()) / 1000)
        return SendResult(error=why, retry_after=wait, untried=True)

    async def _failed(self, outgoing: Outgoing, failure: CallFailure) -> SendResult:
        self._counted(failure.end.value)
        if not failure.rang:
            await retry_until_available(
                lambda: self._limit.give_back_call(outgoing.to),
                task="counts of calls",
                logger=logger,
            )
        if failure.end is CallEnd.TRUNK_DOWN:
            return SendResult(error=failure.why, retry_after=failure.wait_seconds, down=True)
        rounds = self._redial.rounds
        await self._records.noted(
            outgoing.case_id, f"call {outgoing.attempt} of {rounds}: {failure.why}"
        )
        trouble = failure.end is CallEnd.TRUNK_FAILED
        if failure.end not in REDIALLED:
            return SendResult(error=failure.why)
        if outgoing.attempt >= rounds:
            return SendResult(error=failure.why if trouble else UNANSWERED, trouble=trouble)
        spread = 1 + _JITTER * random.random()  # noqa: S311 - spreads load
        return SendResult(
            error=failure.why, retry_after=self._redial.minutes * 60 * spread, trouble=trouble
        )

    async def _talked(self, outgoing: Outgoing, talk: TalkResult) -> SendResult:
        self._counted(CallEnd.TALKED.value)
        outcome = talk.dialogue.outcome or RobotOutcome.REACHED
        await self._records.counted(outgoing.message_id, talk.dialogue)
        await self._records.noted(
            outgoing.case_id,
            f"call {outgoing.attempt}, script {talk.dialogue.script}, {outcome.value}: "
            f"{talk.transcript}",
        )
        heard = outcome is not RobotOutcome.REACHED
        receipt = Receipt(
            provider_id=outgoing.message_id,
            state=ReceiptState.DELIVERED if heard else ReceiptState.FAILED,
            at_ms=self._now_ms(),
            why="" if heard else "hung up before the warning was said",
        )
        await retry_until_available(
            lambda: self._on_receipt(receipt), task="receipts of calls", logger=logger
        )
        return SendResult(accepted=True, provider_ids=(outgoing.message_id,))
