"""Replies to warnings, by a real message centre: understood, answered, handed over."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from infra.clock import now_ms
from infra.redis.client import Client, connect
from services.decision.sinks.hit_store import CONFIRMED
from services.warning.cases.events import EventKind, StopPaymentStep
from services.warning.cases.listing import CaseListing
from services.warning.cases.store import CaseStore
from services.warning.dispatch.limits import NoticeKind
from services.warning.model import Tier
from services.warning.robot.replies import ReplyResult
from services.warning.robot.script import RobotOutcome
from tests.support.external_servers import needed_message_centre
from tests.support.processes import role
from tests.support.robot_talk import PERSON, RobotTalk, robot_talk
from tests.support.smsc import MessageCentre

_PATIENCE_SECONDS = 120.0


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Client]:
    client = connect(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def talk(client: Client) -> RobotTalk:
    return robot_talk(client)


async def test_who_has_paid_is_listed_first_at_the_highest_tier(talk: RobotTalk) -> None:
    await talk.warned()

    assert await talk.says("我已经转了五千块") == ReplyResult.HANDED_OVER

    case = await talk.case()
    assert (case.tier, case.needs_person) == (Tier.HIGH, True)
    assert case.lines[-1] == "paid"
    kinds = [one.kind for one in await talk.robot_events()]
    assert kinds == [
        EventKind.NOTED,
        EventKind.TIERED,
        EventKind.NOTED,
        EventKind.ESCALATED,
        EventKind.QUEUED,
    ]
    assert case.stop_payment is StopPaymentStep.DUE
    outcomes = await talk.store.outcomes()
    assert list(outcomes.values()) == [{"begun": 1, RobotOutcome.PAID: 1}]


async def test_a_dialogue_goes_on_where_it_was_and_leaves_the_plan_alone(talk: RobotTalk) -> None:
    await talk.warned()
    before = await talk.case()

    assert await talk.says("你们是谁") == ReplyResult.ANSWERED
    assert await talk.says("没有转") == ReplyResult.ANSWERED

    case = await talk.case()
    assert (case.step, case.due_at_ms) == (before.step, before.due_at_ms)
    assert not case.needs_person
    dialogue, _ = await talk.store.get(talk.case_id)
    assert dialogue is not None
    assert (dialogue.outcome, dialogue.turns) == (RobotOutcome.UNDERSTOOD, 2)


async def test_a_reply_that_is_handled_twice_is_answered_once(talk: RobotTalk) -> None:
    await talk.warned()
    await talk.says("你是谁")
    events = await talk.robot_events()

    assert await talk.says("你是谁", again=True) == ReplyResult.REPEATED

    assert await talk.robot_events() == events
    assert [one["begun"] for one in (await talk.store.outcomes()).values()] == [1]


async def test_a_crash_before_the_dialogue_is_saved_repeats_no_message(talk: RobotTalk) -> None:
    await talk.warned()
    await talk.says("你是谁")
    # As if the process had ended between the case and the dialogue.
    for key in await talk.client.keys("fanzha:{warning:robot}:dialogue:*"):
        await talk.client.delete(key)

    await talk.says("你是谁", again=True)

    queued = [one for one in await talk.robot_events() if one.kind is EventKind.QUEUED]
    assert len(queued) == 1


async def test_after_the_end_only_notes_are_made(talk: RobotTalk) -> None:
    await talk.warned()
    await talk.says("没有，谢谢")

    assert await talk.says("你好") == ReplyResult.AFTER_THE_END

    events = await talk.robot_events()
    assert events[-1].kind is EventKind.NOTED
    assert "你好" in events[-1].why


async def test_who_pays_after_the_end_is_handed_over_all_the_same(talk: RobotTalk) -> None:
    await talk.warned()
    await talk.says("没有，谢谢")

    await talk.says("刚才还是转了三万")

    case = await talk.case()
    assert (case.tier, case.needs_person) == (Tier.HIGH, True)
    assert case.stop_payment is StopPaymentStep.DUE
    noted = [one.reply for one in await talk.robot_events() if one.reply]
    assert [one.meaning for one in noted] == ["no", "paid"]


async def test_who_wants_no_more_messages_is_opted_out_of_advice(talk: RobotTalk) -> None:
    await talk.warned()

    await talk.says("退订")

    assert talk.opted_out.people == [(f"+{PERSON}", NoticeKind.ADVICE)]
    assert not [one for one in await talk.robot_events() if one.kind is EventKind.QUEUED]


async def test_who_was_not_warned_or_has_ended_the_dialogue_is_opted_out_all_the_same(
    talk: RobotTalk,
) -> None:
    await talk.says("退订", sender="8617000000002")
    await talk.says("退订", sender="BANK")
    await talk.warned()
    await talk.says("没有，谢谢")

    assert await talk.says("退订") == ReplyResult.AFTER_THE_END

    opted = [("+8617000000002", NoticeKind.ADVICE), (f"+{PERSON}", NoticeKind.ADVICE)]
    assert talk.opted_out.people == opted


@pytest.mark.parametrize("sender", ["8617000000002", "BANK", "", "12", "17000000001x"])
async def test_who_was_not_warned_gets_no_answer(talk: RobotTalk, sender: str) -> None:
    await talk.warned()

    assert await talk.says("你是谁", sender=sender) == ReplyResult.NO_CASE
    assert await talk.robot_events() == []


@pytest.mark.parametrize("sender", [PERSON, f"+{PERSON}", "17000000001"])
async def test_a_number_is_known_in_each_form(talk: RobotTalk, sender: str) -> None:
    await talk.warned()

    assert await talk.says("你是谁", sender=sender) == ReplyResult.ANSWERED


@pytest.fixture
async def centre() -> AsyncIterator[MessageCentre]:
    async with needed_message_centre() as running:
        yield running


@asynccontextmanager
async def warn(redis_url: str, centre: MessageCentre, folder: Path) -> AsyncIterator[None]:
    settings = {
        "FANZHA_REDIS_URL": redis_url,
        "FANZHA_WARNING_PORT": "0",
        "FANZHA_METRICS_ENABLED": "false",
        "FANZHA_WARNING_SMPP_ADDRESS": f"127.0.0.1:{centre.port}",
        "FANZHA_WARNING_QUIET_FROM": "00:00",
        "FANZHA_WARNING_QUIET_UNTIL": "00:00",
        "FANZHA_WARNING_ROBOT": "true",
    }
    with role("warn", folder, **settings):
        yield


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not await holds():  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.1)


async def test_a_dialogue_by_sms_through_a_message_centre(
    client: Client, redis_url: str, centre: MessageCentre, tmp_path: Path
) -> None:
    hit: Any = {
        "decision_id": "1", "channel": "CALL", "from_party": "+8619900000001",
        "to_party": f"+{PERSON}", "fraud_type": "FAKE_LOAN", "action": "BLOCK",
        "reason": "BLOCKLISTED", "pattern": "+8619900000001", "entry_id": "e1",
        "evidence": "CALLER", "occurred_at_ms": str(now_ms()),
    }  # fmt: skip
    await client.xadd(CONFIRMED, hit)
    async with warn(redis_url, centre, tmp_path):
        (warning,) = await centre.wait_for("message", seconds=_PATIENCE_SECONDS)
        assert await centre.reply("你们是不是骗子", by=PERSON) == 0
        *_, asked = await centre.wait_for("message", 2, seconds=_PATIENCE_SECONDS)
        assert await centre.reply("我已经转了", by=PERSON) == 0
        *_, told = await centre.wait_for("message", 3, seconds=_PATIENCE_SECONDS)
        (case_id,) = [case.id async for case, _ in CaseListing(client, CaseStore(client)).walk()]

        async def handed_over() -> bool:
            return (await CaseStore(client).get(case_id)).needs_person

        await until(handed_over)

    assert warning["to"] == asked["to"] == told["to"] == PERSON
    assert "反诈中心" in asked["text"]
    assert "110" in told["text"]
    assert (await CaseStore(client).get(case_id)).tier is Tier.HIGH
