"""The robot's calls: people who answer, do not, or are called by a trunk that misbehaves.

The trunk is a telephone that the test answers by hand; store, ledger and limits are real.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from infra.redis.client import Client, connect
from infra.redis.dead_letters import DeadLetters
from infra.sip.codec import RawSip
from infra.sip.link import SipPeerAddress
from infra.sip.user_agent import SipIdentity, SipUserAgent
from services.warning import keys
from services.warning.cases.events import CaseEvent, EventKind, MessageRef
from services.warning.cases.model import Case
from services.warning.cases.store import CaseStore
from services.warning.channels.channel import (
    UNANSWERED,
    Outgoing,
    Receipt,
    ReceiptState,
    SendResult,
)
from services.warning.dispatch.delivery_log import DeliveryLog
from services.warning.dispatch.delivery_records import DeliveryRecords
from services.warning.dispatch.limit_store import LimitStore, never_stopped
from services.warning.dispatch.limits import LimitRules, NoticeKind
from services.warning.dispatch.outbox_relay import send_stream
from services.warning.dispatch.permits import LimitPermit
from services.warning.dispatch.send_worker import SendWorker
from services.warning.intake.service import WarningIntake
from services.warning.model import Tier
from services.warning.robot import script_files
from services.warning.robot.store import RobotStore
from services.warning.robot.voice.call_records import CallRecords
from services.warning.robot.voice.calls import CallRules, PhoneCaller
from services.warning.robot.voice.prompts import NO_RECORDINGS, PromptSource
from services.warning.robot.voice.sender import RedialRules, VoiceSender
from tests.support.robot_calls import LONG, CallPlan, Tones
from tests.support.sending import drain
from tests.support.sip_phone import RawPhone, RecordedMedia, raw_phone, recorded_media
from tests.support.warnings import NOW_MS, a_warning

DAY_MS = 86_400_000
PERSON = "+8617000000001"
NO_QUIET = LimitRules(calls_per_day=5)
WAIT = 0.3


@dataclass
class Calling:
    """A person to be warned by voice, the trunk that calls them, and their phone's audio."""

    client: Client
    trunk: RawPhone
    media: RecordedMedia
    limits: LimitStore
    sender: VoiceSender
    cases: CaseStore
    router: CallPlan
    ends: list[str]
    receipts: list[Receipt] = field(default_factory=list)
    now_ms: int = NOW_MS

    async def opened(self) -> Outgoing:
        intake = WarningIntake(
            client=self.client, store=self.cases, router=self.router, now_ms=lambda: NOW_MS
        )
        (opened,) = await intake.ingest([a_warning(1)])
        (message,) = (await self.cases.get(opened.case_id)).messages
        return Outgoing(
            message_id=message,
            to=PERSON,
            text="当心",
            case_id=opened.case_id,
            tier=int(Tier.MEDIUM),
        )

    async def rung(self, outgoing: Outgoing) -> "tuple[asyncio.Task[SendResult], RawSip]":
        await self.sender.ready()
        sending = asyncio.create_task(self.sender.send(outgoing))
        invite = await self.trunk.next("INVITE")
        self.trunk.answer(invite, 180)
        return sending, invite

    async def refused(self, outgoing: Outgoing, status: int) -> SendResult:
        sending, invite = await self.rung(outgoing)
        self.trunk.answer(invite, status)
        return await asyncio.wait_for(sending, 60)

    async def taken(self, outgoing: Outgoing) -> "tuple[asyncio.Task[SendResult], RawSip]":
        sending, invite = await self.rung(outgoing)
        self.trunk.answer(invite, 200, body=self.media.description())
        await self.trunk.next("ACK")
        return sending, invite

    async def hung_up_by_us(self) -> None:
        self.trunk.answer(await self.trunk.next("BYE"), 200)

    async def queue(self, outgoing: Outgoing) -> None:
        fields: dict[str, str] = {
            "message_id": outgoing.message_id, "case_id": outgoing.case_id, "to": outgoing.to,
            "text": outgoing.text, "tier": str(outgoing.tier), "step": "0",
        }  # fmt: skip
        entry: Any = fields
        await self.client.xadd(send_stream("voice"), entry)

    def worker(self, name: str) -> SendWorker:
        return SendWorker(
            client=self.client,
            channel="voice",
            sender=self.sender,
            record=DeliveryLog(
                self.cases,
                DeliveryRecords(self.cases, now_ms=lambda: self.now_ms),
                self.router,
                now_ms=lambda: self.now_ms,
            ),
            dead=DeadLetters(self.client, keys.DEAD_LETTERS),
            consumer=name,
            now_ms=lambda: self.now_ms,
            permit=LimitPermit(self.limits),
            block_ms=50,
        )

    async def case(self, outgoing: Outgoing) -> Case:
        return await self.cases.get(outgoing.case_id)

    async def notes(self, outgoing: Outgoing) -> list[str]:
        history = await self.cases.history(outgoing.case_id)
        return [one.why for one in history if one.kind is EventKind.NOTED]


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Client]:
    client = connect(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
async def calling(client: Client) -> AsyncIterator[Calling]:
    async with raw_phone() as trunk, recorded_media() as media:
        calling: list[Calling] = []
        ends: list[str] = []

        def now_ms() -> int:
            return calling[0].now_ms

        async def on_receipt(receipt: Receipt) -> None:
            calling[0].receipts.append(receipt)

        agent = SipUserAgent(
            SipPeerAddress(host="127.0.0.1", port=trunk.port),
            SipIdentity(user="96110", domain="trunk.example"),
        )
        limits = LimitStore(client, rules=NO_QUIET, stopped=never_stopped, now_ms=now_ms)
        cases = CaseStore(client)
        script = next(one for one in script_files.by_voice() if one.language == "zh")
        sender = VoiceSender(
            line=PhoneCaller(agent, CallRules(ring_seconds=30, machine_seconds=1)),
            scripts=[replace(script, wait_seconds=WAIT)],
            language="zh",
            prompts=PromptSource(NO_RECORDINGS, Tones()),
            records=CallRecords(
                cases=cases, store=RobotStore(client), opt_outs=limits, now_ms=now_ms
            ),
            permit=LimitPermit(limits),
            limit=limits,
            redial=RedialRules(rounds=3, minutes=10),
            on_receipt=on_receipt,
            now_ms=now_ms,
            width=2,
            counted=ends.append,
        )
        calling.append(Calling(client, trunk, media, limits, sender, cases, CallPlan(), ends))
        # Midday in China: no quiet hours.
        calling[0].now_ms = NOW_MS - NOW_MS % DAY_MS + 4 * 3_600_000
        yield calling[0]
        await sender.close()


async def test_who_has_paid_is_handed_over_while_the_call_goes_on(calling: Calling) -> None:
    outgoing = await calling.opened()
    sending, _ = await calling.taken(outgoing)
    while not calling.media.packets:  # noqa: ASYNC110 - the socket tells nobody
        await asyncio.sleep(0.02)

    calling.media.press("1", timestamp=160)
    await calling.hung_up_by_us()
    sent = await asyncio.wait_for(sending, 60)

    case = await calling.case(outgoing)
    assert sent.accepted
    assert (case.tier, case.needs_person) == (Tier.HIGH, True)
    assert case.stop_payment is not None
    assert [one.state for one in calling.receipts] == [ReceiptState.DELIVERED]
    assert "key 1 (paid): warned → paid" in (await calling.notes(outgoing))[-1]
    outcomes = await RobotStore(calling.client).outcomes()
    assert outcomes == {"voice.zh@1:a": {"begun": 1, "paid": 1}}


async def test_a_key_in_info_counts_and_stop_opts_out_of_advice(calling: Calling) -> None:
    outgoing = await calling.opened()
    sending, invite = await calling.taken(outgoing)

    calling.trunk.ask(invite, "INFO", cseq=1, body=b"Signal=0\r\n",
                      content="application/dtmf-relay")  # fmt: skip
    await calling.hung_up_by_us()
    assert (await asyncio.wait_for(sending, 60)).accepted

    assert await calling.limits.opted_out(PERSON) == {NoticeKind.ADVICE}


async def test_silence_gets_advice_and_a_hang_up_at_once_is_no_warning(calling: Calling) -> None:
    outgoing = await calling.opened()
    sending, _ = await calling.taken(outgoing)
    await calling.hung_up_by_us()
    assert (await asyncio.wait_for(sending, 60)).accepted
    sending, invite = await calling.taken(replace(outgoing, attempt=2, text=LONG))
    calling.trunk.ask(invite, "BYE", cseq=1)
    assert (await asyncio.wait_for(sending, 60)).accepted

    *_, listened, left = await calling.notes(outgoing)
    assert ", listened: " in listened
    assert "no key (silence): ask → advice" in listened
    assert ", reached: " in left
    states = [one.state for one in calling.receipts]
    assert states == [ReceiptState.DELIVERED, ReceiptState.FAILED]


@pytest.mark.parametrize(("status", "end"), [(486, "busy"), (480, "no_answer")])
async def test_who_does_not_answer_is_called_again_in_rounds(
    calling: Calling, status: int, end: str
) -> None:
    outgoing = await calling.opened()

    first = await calling.refused(outgoing, status)
    last = await calling.refused(replace(outgoing, attempt=3), status)

    assert first.retry_after is not None
    assert 600 <= first.retry_after <= 661
    assert (last.error, last.retry_after) == (UNANSWERED, None)
    assert calling.ends == [end, end]
    assert await calling.notes(outgoing) == [
        f"call 1 of 3: {end} ({status})", f"call 3 of 3: {end} ({status})",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "end"), [(603, "declined"), (404, "no_such_number"), (302, "redirected")]
)
async def test_some_refusals_are_final(calling: Calling, status: int, end: str) -> None:
    sent = await calling.refused(await calling.opened(), status)

    assert (sent.retry_after, sent.accepted, sent.down) == (None, False, False)
    assert calling.ends == [end]


async def test_an_overloaded_trunk_is_left_alone_for_as_long_as_it_says(calling: Calling) -> None:
    outgoing = await calling.opened()
    sending, invite = await calling.rung(outgoing)

    calling.trunk.answer(invite, 503, headers=["Retry-After: 77 (busy)"])

    sent = await asyncio.wait_for(sending, 60)
    assert (sent.down, sent.retry_after) == (True, 77.0)
    # The phone rang in this call, and not in those: only the first counts for the person.
    for _ in range(6):
        sending = asyncio.create_task(calling.sender.send(outgoing))
        calling.trunk.answer(await calling.trunk.next("INVITE"), 503)
        assert (await asyncio.wait_for(sending, 60)).down
        await calling.trunk.next("ACK")
    taken = [await calling.limits.take_call(PERSON) for _ in range(NO_QUIET.calls_per_day)]
    assert [bool(one) for one in taken] == [False] * 4 + [True]


async def test_an_answer_without_usable_audio_is_hung_up(calling: Calling) -> None:
    sending, invite = await calling.rung(await calling.opened())

    calling.trunk.answer(invite, 200, body=b"v=0\r\n" + b"a=x\r\n" * 12_000)
    await calling.hung_up_by_us()

    assert (await asyncio.wait_for(sending, 60)).error == "the session description is too long"
    assert calling.ends == ["no_audio"]


async def test_a_machine_that_talks_is_hung_up_and_called_again(calling: Calling) -> None:
    outgoing = replace(await calling.opened(), text=LONG)
    sending, _ = await calling.taken(outgoing)
    while not calling.media.packets:  # noqa: ASYNC110 - the socket tells nobody
        await asyncio.sleep(0.02)

    for place in range(75):
        calling.media.send(b"\x2a\xaa" * 80, payload_type=8, timestamp=160 * place)
        await asyncio.sleep(0)
    await calling.hung_up_by_us()

    sent = await asyncio.wait_for(sending, 60)
    assert sent.retry_after is not None
    assert calling.ends == ["machine"]
    assert calling.receipts == []


async def test_a_person_is_called_so_often_a_day_and_never_at_night(calling: Calling) -> None:
    outgoing = await calling.opened()
    for _ in range(NO_QUIET.calls_per_day):
        assert await calling.limits.take_call(PERSON) == 0

    too_often = await calling.sender.send(outgoing)
    calling.now_ms += 12 * 3_600_000
    at_night = await calling.sender.send(outgoing)

    assert too_often.untried
    assert too_often.retry_after == 12 * 3_600
    assert at_night.untried
    assert at_night.error == "quiet_hours"
    assert calling.trunk.came.empty()


async def test_whose_case_an_officer_has_taken_is_not_called(calling: Calling) -> None:
    outgoing = await calling.opened()
    taken = CaseEvent(kind=EventKind.TAKEN, at_ms=NOW_MS + 1, by="chen", officer="chen")
    await calling.cases.change(outgoing.case_id, lambda _: [taken])

    sent = await calling.sender.send(outgoing)

    assert (sent.error, sent.retry_after) == ("an officer has taken the case", None)


async def test_calls_that_nobody_answered_raise_the_tier_where_the_plan_ends(
    calling: Calling,
) -> None:
    outgoing = await calling.opened()
    log = DeliveryLog(
        calling.cases,
        DeliveryRecords(calling.cases, now_ms=lambda: NOW_MS + 1),
        calling.router,
        now_ms=lambda: NOW_MS + 1,
    )
    message = MessageRef(id=outgoing.message_id, channel="voice", step=0)

    for _ in range(2):  # recorded again after a crash
        await log.failed(message, by="voice", why=UNANSWERED)

    case = await calling.case(outgoing)
    assert case.tier is Tier.HIGH
    assert case.lines[-1] == "unreached"
    assert len(case.messages) == 2


async def test_rounds_go_on_after_a_restart_and_each_is_one_call(calling: Calling) -> None:
    outgoing = await calling.opened()
    await calling.queue(outgoing)
    await calling.sender.ready()
    stream = send_stream("voice")

    for attempt in range(1, 4):
        # Two processes that warn, new ones each time; the phone is busy.
        workers = [calling.worker(f"{attempt}-{place}") for place in range(2)]
        working = asyncio.gather(*map(drain, workers))
        invite = await calling.trunk.next("INVITE")
        calling.trunk.answer(invite, 486)
        await asyncio.wait_for(working, 120)
        later = [calling.trunk.came.get_nowait() for _ in range(calling.trunk.came.qsize())]
        # The ACK, perhaps the INVITE again, and no second call.
        assert {one.headers.first("call-id") for one in later} == {invite.headers.first("call-id")}
        assert await calling.client.zcard(f"later:{{{stream}}}") == (attempt < 3)
        calling.now_ms += 11 * 60_000

    case = await calling.case(outgoing)
    assert calling.ends == ["busy"] * 3
    assert case.messages[outgoing.message_id] == EventKind.FAILED.value
    assert case.tier is Tier.HIGH


async def test_a_call_that_is_cut_off_by_our_own_end_is_hung_up(calling: Calling) -> None:
    sending, _ = await calling.taken(await calling.opened())

    sending.cancel()

    await calling.hung_up_by_us()
    with pytest.raises(asyncio.CancelledError):
        await sending
