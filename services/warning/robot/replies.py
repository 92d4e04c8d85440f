"""Handles what people write back to warnings: understands it, answers, hands over.

A reply is appended to a stream before the message centre is answered. Then it becomes a note of the
case of the latest SMS to that number, the robot's answer is queued as any message, and:

* who has paid, wants somebody to talk to, or was not understood, is handed to an officer: the case
  is listed first, at the highest tier if something was paid;
* who has paid, has a file sent to the stop-payment desk, where there is one (`stop_payment`),
  although the dialogue or the case may be over, or nobody has warned them (`self_reports`);
* who wants no more messages, is opted out of advice, as far as people may opt out.

Handled twice, it does the same: messages have the turn in their id.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fanzha.phone import UNREADABLE, HomePlan, number_text
from infra.redis.client import Client, within
from infra.redis.consumer_group import StreamEntry
from services.warning.cases import ids
from services.warning.cases.events import (
    CaseEvent,
    EventKind,
    HeardReply,
    MessageRef,
    StopPaymentStep,
)
from services.warning.cases.model import Case
from services.warning.cases.store import CaseStore
from services.warning.channels.channel import PersonReply
from services.warning.robot import composer, dialogue
from services.warning.robot.dialogue import RobotDialogue
from services.warning.robot.meanings import AnswerReader
from services.warning.robot.opt_outs import OptOuts, opt_out_of_advice
from services.warning.robot.outcome_events import ROBOT, outcome_events, said
from services.warning.robot.script import HANDS_OVER, Meaning, RobotOutcome, RobotScript
from services.warning.robot.self_reports import NoRoom, SelfReports
from services.warning.robot.store import RobotStore

STREAM = "fanzha:warning:replies"
GROUP = "robot"
MOST_CHARACTERS = 300
"""Of a reply that are noted."""
_MOST_EVENTS = 500
"""Of a case, from which on what is said after the end is not noted: somebody writes without end."""
_ROWS = 200_000
_SECONDS = 4.0


class ReplyResult(StrEnum):
    """What became of a reply."""

    ANSWERED = "answered"
    HANDED_OVER = "handed_over"
    AFTER_THE_END = "after_the_end"
    """Its dialogue is over, or its case is closed: noted where the case is open, or was paid."""
    NO_CASE = "no_case"
    """Nobody was warned at this number lately."""
    NO_ROOM = "no_room"
    """Somebody who was never warned says that they paid, and too many have in this hour."""
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """A reply, and how the dialogue goes on."""

    before: RobotDialogue
    after: RobotDialogue
    text: str
    meaning: Meaning

    def heard(self) -> HeardReply:
        """Return what was said, for the case."""
        over = self.before.is_over
        return HeardReply(
            text=self.text,
            meaning=self.meaning.value,
            before="" if over else self.before.place,
            after="" if over else self.after.place,
            script=self.after.script,
        )


class ReplyIntake:
    """Stores replies as they come in. Raises `Unavailable` while Redis is away."""

    def __init__(self, client: Client) -> None:
        self._client: Any = client

    async def store(self, reply: PersonReply) -> None:
        """Append a reply to the stream."""
        fields = {
            "sender": reply.sender[:32],
            "text": reply.text[:MOST_CHARACTERS],
            "at_ms": str(reply.at_ms),
        }
        async with within(_SECONDS):
            await self._client.xadd(STREAM, fields, maxlen=_ROWS, approximate=True)


class ReplyHandler:
    """Handles replies of the stream."""

    def __init__(
        self,
        *,
        cases: CaseStore,
        store: RobotStore,
        scripts: Sequence[RobotScript],
        reader: AnswerReader,
        language: str,
        home: HomePlan,
        opt_outs: OptOuts,
        self_reports: SelfReports,
        now_ms: Callable[[], int],
        counted: Callable[[str], None] = lambda _result: None,
    ) -> None:
        """Call *counted* with what became of each reply."""
        self._cases = cases
        self._store = store
        self._scripts = scripts
        self._reader = reader
        self._language = language
        self._home = home
        self._opt_outs = opt_outs
        self._self_reports = self_reports
        self._now_ms = now_ms
        self._counted = counted

    async def handle(self, entries: Sequence[StreamEntry]) -> None:
        """Handle replies, one after the other: two of one person have an order."""
        for entry in entries:
            self._counted(await self._handle(entry))

    async def _handle(self, entry: StreamEntry) -> ReplyResult:
        victim = self._number(entry.fields["sender"])
        case_id = await self._store.case_of(victim) if victim else ""
        (case,) = await self._cases.find([case_id]) if case_id else [None]
        text = entry.fields["text"]
        meaning = self._reader.read(text)
        if victim and meaning is Meaning.PAID and (case is None or _is_settled(case)):
            try:
                said_at_ms = int(entry.fields["at_ms"])
                case = await self._self_reports.case_of(victim, entry.id, said_at_ms) or case
            except NoRoom:
                return ReplyResult.NO_ROOM
        if case is None:
            await self._stop(victim, meaning)
            return ReplyResult.NO_CASE
        script = dialogue.chosen(self._scripts, self._language, case.id)
        before, last = await self._store.get(case.id)
        if last == entry.id:
            return ReplyResult.REPEATED
        if before is None or before.script != script.id:
            before = dialogue.begun(script)  # anew where the script has another version
        after = dialogue.heard(script, before, meaning)
        turn = _Turn(before=before, after=after, text=text, meaning=meaning)
        if not case.open or before.is_over:
            await self._note(case, turn)
            await self._stop(victim, meaning)
            return ReplyResult.AFTER_THE_END
        await self._commit(case, script, turn)
        if after.outcome is RobotOutcome.STOPPED:
            await opt_out_of_advice(self._opt_outs, victim)
        await self._store.save(case.id, after, entry.id)
        over = after.outcome in HANDS_OVER
        return ReplyResult.HANDED_OVER if over else ReplyResult.ANSWERED

    async def _stop(self, victim: str, meaning: Meaning) -> None:
        """Opt out who wants no more, outside of a dialogue, too: of an educational message."""
        if victim and meaning is Meaning.STOP:
            await opt_out_of_advice(self._opt_outs, victim)

    def _number(self, sender: str) -> str:
        """Return a sender as E.164; empty for a name or an unreadable number."""
        digits = sender.strip()
        for written in (digits, f"+{digits}") if digits.isdecimal() else (digits,):
            key = self._home.number_key(written)
            if key != UNREADABLE and number_text(key).startswith("+"):
                return number_text(key)
        return ""

    async def _commit(self, case: Case, script: RobotScript, turn: _Turn) -> None:
        after = turn.after
        now = self._now_ms()
        message = MessageRef(
            id=ids.robot_id(case.id, after.turns),
            channel="sms",
            step=composer.step_of(script, after.place),
        )
        speaks = bool(script.text(after.place, case.fraud_type))

        def events(found: Case) -> list[CaseEvent]:
            if not found.open or message.id in found.messages:
                return []
            told = [said(turn.heard(), now)]
            told += outcome_events(found, after.outcome, now)
            if speaks:
                told.append(_queued(now, message))
            return told

        await self._cases.change(case.id, events)

    async def _note(self, case: Case, turn: _Turn) -> None:
        """Note what was said after the end; who has paid by then, is handed over all the same."""
        now = self._now_ms()
        paid = RobotOutcome.PAID if turn.meaning is Meaning.PAID else None

        def events(found: Case) -> list[CaseEvent]:
            known = found.stop_payment is not None
            then = [] if known else outcome_events(found, paid, now)
            noted = found.open and found.revision < _MOST_EVENTS
            return [said(turn.heard(), now), *then] if noted or then else []

        await self._cases.change(case.id, events)


def _is_settled(case: Case) -> bool:
    """Whether a case is closed, and the stop-payment desk has done what was asked in it."""
    return not case.open and case.stop_payment is StopPaymentStep.RECEIVED


def _queued(now_ms: int, message: MessageRef) -> CaseEvent:
    return CaseEvent(kind=EventKind.QUEUED, at_ms=now_ms, by=ROBOT, message=message)
