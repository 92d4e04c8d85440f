"""Limits per person and the kill switch, on a real Valkey."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from fanzha.errors import InvalidInput
from infra.redis.client import Client, connect
from services.audit.events import AuditKind
from services.warning.dispatch.kill_switch import KEY, KillSwitch
from services.warning.dispatch.limit_store import LimitStore
from services.warning.dispatch.limits import LimitCheck, LimitRules, NoticeKind, WithholdReason
from services.warning.model import Tier
from tests.support.change_desk import MemoryAudit

NOON = 1_795_579_200_000 - 8 * 3600 * 1000 + 12 * 3600 * 1000
DAY = 24 * 3600 * 1000


class Clock:
    """A clock that stands."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> int:
        return self.now


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Client]:
    connected = connect(redis_url)
    yield connected
    await connected.aclose()


def a_store(client: Client, clock: Clock, *, stopped: bool = False) -> LimitStore:
    rules = LimitRules(per_day=2, per_campaign=3)

    async def is_stopped() -> bool:
        return stopped

    return LimitStore(client, rules=rules, stopped=is_stopped, now_ms=clock)


def ask(number: int, *, victim: str = "+8617000000001", campaign: str = "loans") -> LimitCheck:
    return LimitCheck(message_id=f"m{number}", victim=victim, tier=Tier.LOW, campaign=campaign)


async def seen(switch: KillSwitch, *, stopped: bool) -> None:
    while await switch.is_stopped() is not stopped:  # noqa: ASYNC110 - it comes from the store
        await asyncio.sleep(0.02)


async def test_limits_count_each_message_once_and_people_apart(client: Client) -> None:
    store = a_store(client, Clock())

    reasons = [(await store.may_send(ask(number))).reason for number in (1, 1, 2, 3)]
    other = await store.may_send(ask(3, victim="+8617000000002"))

    assert reasons == [
        WithholdReason.NONE,
        WithholdReason.NONE,
        WithholdReason.NONE,
        WithholdReason.DAY_LIMIT,
    ]
    assert other.allowed


async def test_on_the_next_day_the_campaign_limit_still_counts(client: Client) -> None:
    clock = Clock()
    store = a_store(client, clock)
    await store.may_send(ask(1))
    await store.may_send(ask(2))

    clock.now += DAY
    third, fourth = await store.may_send(ask(3)), await store.may_send(ask(4))
    other = await store.may_send(ask(5, campaign="shops"))

    assert (third.allowed, fourth.reason, other.allowed) == (
        True,
        WithholdReason.CAMPAIGN_LIMIT,
        True,
    )


async def test_of_concurrent_requests_one_gets_the_last_permit(client: Client) -> None:
    store = a_store(client, Clock())

    answers = await asyncio.gather(*(store.may_send(ask(number)) for number in range(20)))

    assert sum(answer.allowed for answer in answers) == 2


async def test_an_unsent_message_returns_its_permit(client: Client) -> None:
    store = a_store(client, Clock())
    await store.may_send(ask(1))
    await store.may_send(ask(2))

    await store.give_back(ask(2))

    assert (await store.may_send(ask(3))).allowed


async def test_a_person_gets_the_same_text_once_within_the_window(client: Client) -> None:
    store = a_store(client, Clock())
    first, second = (replace(ask(number, campaign=str(number)), text="警惕") for number in (1, 2))

    reasons = [(await store.may_send(one)).reason for one in (first, second, first)]
    call = await store.may_send(replace(second, form="voice"))
    other = await store.may_send(replace(second, victim="+8617000000002"))

    assert reasons == [WithholdReason.NONE, WithholdReason.DUPLICATE_TEXT, WithholdReason.NONE]
    assert call.allowed
    assert other.allowed


async def test_an_unsent_text_does_not_count_as_a_duplicate(client: Client) -> None:
    store = a_store(client, Clock())
    first, second = (replace(ask(number), text="警惕") for number in (1, 2))
    await store.may_send(first)

    await store.give_back(first)

    assert (await store.may_send(second)).allowed


async def test_of_concurrent_messages_with_the_same_text_one_is_permitted(client: Client) -> None:
    store = a_store(client, Clock())
    check = [replace(ask(number, campaign=str(number)), text="警惕") for number in range(20)]

    answers = await asyncio.gather(*map(store.may_send, check))

    assert sum(answer.allowed for answer in answers) == 1


async def test_a_withheld_message_is_not_counted(client: Client) -> None:
    stopped = a_store(client, Clock(), stopped=True)
    for number in range(5):
        assert (await stopped.may_send(ask(number))).reason is WithholdReason.STOPPED

    assert (await a_store(client, Clock()).may_send(ask(9))).allowed


async def test_people_opt_out_and_in_again(client: Client) -> None:
    store = a_store(client, Clock())

    await store.opt_out("+8617000000001", NoticeKind.ADVICE)

    assert (await store.may_send(ask(1))).reason is WithholdReason.OPTED_OUT
    assert await store.opted_out("+8617000000001") == {NoticeKind.ADVICE}
    await store.opt_in("+8617000000001", NoticeKind.ADVICE)
    assert (await store.may_send(ask(1))).allowed
    with pytest.raises(InvalidInput, match="no opt-out of emergency is allowed; possible: advice"):
        await store.opt_out("+8617000000001", NoticeKind.EMERGENCY)


async def test_the_limits_work_on_a_redis_cluster(cluster_url: str) -> None:
    client = connect(cluster_url)
    store = a_store(client, Clock())

    assert (await store.may_send(ask(1))).allowed
    await store.give_back(ask(1))
    await client.aclose()


async def test_every_process_sees_the_kill_switch_and_its_use_is_audited(client: Client) -> None:
    audit = MemoryAudit()
    desk = KillSwitch(client, now_ms=Clock(), audit=audit)
    worker = KillSwitch(client, now_ms=Clock())
    unread = worker.stopped
    async with asyncio.timeout(60):
        await seen(worker, stopped=False)
        await desk.stop(by="li", why="wrong template")
        await seen(worker, stopped=True)
        started = await desk.start(by="li", why="template mended")
        await seen(worker, stopped=False)

    assert unread
    assert started
    assert not await desk.start(by="li", why="again")
    assert audit.kinds == [AuditKind.WARNINGS_STOPPED, AuditKind.WARNINGS_STARTED]


async def test_a_kill_switch_set_in_the_store_by_hand_stops_messages(redis_url: str) -> None:
    client: Any = connect(redis_url)
    switch = KillSwitch(client, now_ms=Clock())
    await client.set(KEY, "stop!")

    stop = await switch.read()
    await client.aclose()

    assert switch.stopped
    assert stop is not None
    assert "by hand" in stop.why


async def test_the_kill_switch_needs_a_reason(client: Client) -> None:
    with pytest.raises(InvalidInput, match="reason"):
        await KillSwitch(client, now_ms=Clock()).stop(by="li", why=" ")
