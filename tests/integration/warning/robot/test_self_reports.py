"""People who say that they paid, and of whom the robot knows no case by SMS."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra.redis.client import Client, connect
from services.audit.events import AuditKind
from services.warning.cases.events import CaseEvent, CaseOutcome, EventKind, StopPaymentStep
from services.warning.cases.model import Case
from services.warning.model import SELF_REPORTS, Tier
from services.warning.robot.replies import ReplyResult
from tests.support.external_servers import needed_message_centre
from tests.support.processes import role
from tests.support.robot_talk import RobotTalk, robot_talk
from tests.support.webhook_endpoint import SECRET, an_endpoint

STRANGER = "8617000000002"
PAID = "我已经转了两万，怎么办"
HOUR_MS = 3_600_000
WEEK_MS = 7 * 24 * HOUR_MS
PATIENCE_SECONDS = 120.0


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Client]:
    client = connect(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def talk(client: Client) -> RobotTalk:
    return robot_talk(client, most_an_hour=2)


async def closed(talk: RobotTalk, case: Case, *, receipt: bool = False) -> None:
    """Let an officer close a case, with or without a receipt of the stop-payment desk."""
    end = CaseEvent(
        kind=EventKind.CLOSED, at_ms=talk.clock[0], by="wang", outcome=CaseOutcome.LOST_MONEY
    )
    taken = CaseEvent(
        kind=EventKind.NOTED, at_ms=talk.clock[0], by="wang",
        stop_payment=StopPaymentStep.RECEIVED, receipt="ZF-1",
    )  # fmt: skip
    await talk.cases.change(case.id, lambda _case: [taken, end] if receipt else [end])


async def test_who_was_warned_by_telephone_only_is_handed_over_in_their_case(
    talk: RobotTalk,
) -> None:
    await talk.warned(by_sms=False)

    assert await talk.says(PAID) == ReplyResult.HANDED_OVER

    case = await talk.case()
    assert [one.id for one in await talk.all_cases()] == [case.id]
    assert (case.tier, case.needs_person) == (Tier.HIGH, True)
    assert case.stop_payment is StopPaymentStep.DUE


async def test_a_stranger_gets_a_case_that_waits_for_a_person_and_plans_nothing(
    talk: RobotTalk,
) -> None:
    assert await talk.says(PAID, sender=STRANGER) == ReplyResult.HANDED_OVER

    (case,) = await talk.all_cases()
    assert (case.victim, case.tier, case.needs_person) == (f"+{STRANGER}", Tier.HIGH, True)
    assert case.region.code
    assert (case.means, case.due_at_ms, case.stop_payment) == ((), 0, StopPaymentStep.DUE)
    assert [one.source_name for one in case.origins] == [SELF_REPORTS]
    history = await talk.cases.history(case.id)
    queued = [one.message for one in history if one.kind is EventKind.QUEUED and one.message]
    assert [one.channel for one in queued] == ["sms"], "the robot answers, and no plan begins"
    assert [one.reply.text for one in history if one.reply] == [PAID]


async def test_opening_it_is_in_the_audit_log_without_the_number(talk: RobotTalk) -> None:
    await talk.says(PAID, sender=STRANGER)

    ((kind, subject, actor, details),) = talk.audit.said
    (case,) = await talk.all_cases()
    assert (kind, subject, actor) == (AuditKind.CASE_CHANGED, f"case:{case.id}", "robot")
    assert details == {"what": "opened_by_reply", "warned_before": "no"}


async def test_what_a_stranger_writes_more_belongs_to_the_same_case(talk: RobotTalk) -> None:
    for text in (PAID, "又转了三千", PAID):
        await talk.says(text, sender=STRANGER)

    (case,) = await talk.all_cases()
    replies = [one.reply for one in await talk.cases.history(case.id) if one.reply]
    assert len(replies) == 3
    assert (case.hits, len(talk.audit.said)) == (1, 1)


async def test_a_reply_of_a_stranger_that_is_handled_twice_opens_one_case(
    talk: RobotTalk,
) -> None:
    await talk.says(PAID, sender=STRANGER)
    for key in await talk.client.keys("fanzha:{warning:robot}:*"):
        if ":strangers:" not in key:  # as if the process had ended right after the case
            await talk.client.delete(key)

    talk.clock[0] += HOUR_MS
    await talk.says(PAID, sender=STRANGER, again=True)

    (case,) = await talk.all_cases()
    assert case.hits == 1
    assert sum(one.kind is EventKind.QUEUED for one in await talk.cases.history(case.id)) == 1


async def test_one_number_cannot_fill_its_case(talk: RobotTalk) -> None:
    await talk.says(PAID, sender=STRANGER)
    (case,) = await talk.all_cases()
    note = CaseEvent(kind=EventKind.NOTED, at_ms=1, by="wang", why="x")
    await talk.cases.change(case.id, lambda _case: [note] * 500)
    before = (await talk.cases.get(case.id)).revision

    assert await talk.says(PAID, sender=STRANGER) == ReplyResult.AFTER_THE_END

    assert (await talk.cases.get(case.id)).revision == before


async def test_strangers_share_the_most_of_an_hour_and_people_warned_do_not(
    talk: RobotTalk,
) -> None:
    senders = [f"86170000001{at:02}" for at in range(4)]

    said = [await talk.says(PAID, sender=one) for one in senders]

    over = ReplyResult.HANDED_OVER
    assert said == [over, over, ReplyResult.NO_ROOM, ReplyResult.NO_ROOM]
    await talk.warned(by_sms=False)
    assert await talk.says(PAID) == over
    talk.clock[0] += HOUR_MS
    assert await talk.says(PAID, sender=senders[2]) == over
    assert len(await talk.all_cases()) == 4


async def test_who_was_warned_in_a_case_that_is_closed_gets_another(talk: RobotTalk) -> None:
    await talk.warned(by_sms=False)
    await closed(talk, await talk.case())

    assert await talk.says(PAID) == ReplyResult.HANDED_OVER

    (fresh,) = [one for one in await talk.all_cases() if one.id != talk.case_id]
    assert (fresh.needs_person, fresh.stop_payment) == (True, StopPaymentStep.DUE)
    ((*_, details),) = talk.audit.said
    assert details["warned_before"] == talk.case_id


async def test_who_pays_again_after_the_desk_has_settled_the_first_is_handed_over_again(
    talk: RobotTalk,
) -> None:
    await talk.warned()
    await talk.says(PAID)
    await closed(talk, await talk.case(), receipt=True)

    assert await talk.says("又转了三千") == ReplyResult.HANDED_OVER

    (fresh,) = [one for one in await talk.all_cases() if one.id != talk.case_id]
    assert fresh.stop_payment is StopPaymentStep.DUE


async def test_a_word_soon_after_the_end_of_such_a_case_opens_none_and_later_one_does(
    talk: RobotTalk,
) -> None:
    await talk.says(PAID, sender=STRANGER)
    (case,) = await talk.all_cases()
    await closed(talk, case, receipt=True)

    assert await talk.says(PAID, sender=STRANGER) == ReplyResult.AFTER_THE_END
    assert len(await talk.all_cases()) == 1
    talk.clock[0] += WEEK_MS
    assert await talk.says(PAID, sender=STRANGER) == ReplyResult.HANDED_OVER
    assert len(await talk.all_cases()) == 2


@pytest.mark.parametrize(
    ("sender", "text"),
    [
        ("12025550123", PAID),
        ("BANK", PAID),
        ("10086", PAID),
        ("", PAID),
        (STRANGER, "你是谁"),
        (STRANGER, "请民警联系我"),
    ],
)
async def test_others_get_no_case(talk: RobotTalk, sender: str, text: str) -> None:
    assert await talk.says(text, sender=sender) == ReplyResult.NO_CASE

    assert await talk.all_cases() == []


async def test_the_stop_payment_desk_hears_of_a_stranger_and_the_stranger_hears_what_to_do(
    client: Client, redis_url: str, tmp_path: Path
) -> None:
    (tmp_path / "secrets").write_text(f"{SECRET}\n")
    async with needed_message_centre() as centre, an_endpoint() as desk:
        settings = {
            "FANZHA_REDIS_URL": redis_url,
            "FANZHA_WARNING_PORT": "0",
            "FANZHA_METRICS_ENABLED": "false",
            "FANZHA_WARNING_SMPP_ADDRESS": f"127.0.0.1:{centre.port}",
            "FANZHA_WARNING_QUIET_FROM": "00:00",
            "FANZHA_WARNING_QUIET_UNTIL": "00:00",
            "FANZHA_WARNING_ROBOT": "true",
            "FANZHA_WARNING_STOP_PAYMENT_URL": desk.url,
            "FANZHA_WARNING_STOP_PAYMENT_SECRETS_FILE": str(tmp_path / "secrets"),
            "FANZHA_WARNING_STOP_PAYMENT_NETWORKS": "127.0.0.0/8",
        }
        with role("warn", tmp_path, **settings):
            await centre.wait_for("bind", seconds=PATIENCE_SECONDS)
            assert await centre.reply(PAID, by=STRANGER) == 0
            (told,) = await centre.wait_for("message", seconds=PATIENCE_SECONDS)
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not desk.got:  # noqa: ASYNC110 - the endpoint tells nobody
                    await asyncio.sleep(0.1)

    ((_, body), *_) = desk.got
    file = json.loads(body)["data"]
    assert (file["number"], file["amounts_said_fen"]) == (f"+{STRANGER}", [2_000_000])
    assert (file["used_by_fraud"], [one["text"] for one in file["said"]]) == ([], [PAID])
    assert told["to"] == STRANGER
    assert "110" in told["text"]
    log = (tmp_path / "warn.log").read_text()
    assert STRANGER[2:] not in log
    assert PAID not in log
