"""Campaigns that are sent, on a real store: once a person, whoever dies, and never too many."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest_asyncio

from infra.redis.client import connect
from services.auth import identity
from services.education.draft import DAY_MS
from services.education.model import EducationState, PersonState
from services.education.recipient_store import digest_of
from services.education.send_queue import CHANNEL, EducationQueue
from services.warning.cases import ids
from services.warning.cases.events import MessageRef
from services.warning.channels.channel import Outgoing, SendResult
from services.warning.dispatch.limits import LimitCheck, NoticeKind
from services.warning.dispatch.outbox_relay import send_stream
from services.warning.model import Tier
from tests.support.education import FIVE_O_CLOCK_MS, EducationDesk, named, number, person, row
from tests.support.sending import ACCEPTED, Sink, drain, queue

SECOND_MS, HOUR_MS = 1_000, 3_600_000
ALL = named("全部", hold_out_percent=0)


@pytest_asyncio.fixture
async def desk(redis_url: str) -> AsyncIterator[EducationDesk]:
    client = connect(redis_url)
    yield EducationDesk(client)
    await client.aclose()


async def sent_by(desk: EducationDesk, sink: Sink, rounds: int = 3) -> Counter[str]:
    """Let a runner and a worker do what is due; return how often each number was written to."""
    runner, worker = desk.runner(), desk.worker(sink)
    for _ in range(rounds):
        await runner.step()
        await drain(worker)
    return Counter(one.to for one in sink.got)


async def test_all_but_those_held_out_are_written_to_once(desk: EducationDesk) -> None:
    campaign = await desk.approved([row(at) for at in range(100)])
    sink = Sink()

    got = await sent_by(desk, sink)

    people = await desk.people(campaign)
    states = await desk.recipients.states(campaign.campaign_id)
    held = {one for one, state in states.items() if state is PersonState.HELD_OUT}
    assert people == {PersonState.SENT: len(got), PersonState.HELD_OUT: 100 - len(got)}
    assert set(got.values()) == {1}
    assert not held & set(map(digest_of, got))
    assert 1 <= len(held) <= 60  # of a key of chance
    assert {one.text for one in sink.got} == {campaign.message.text}
    assert (await desk.store.get(campaign.campaign_id)).state is EducationState.ENDED


async def test_groups_are_stored_before_anything_is_sent(desk: EducationDesk) -> None:
    campaign = await desk.approved([row(at) for at in range(50)])

    await desk.runner().step()

    people = await desk.people(campaign)
    assert sum(people.values()) == 50
    assert people.keys() <= {PersonState.TO_SEND, PersonState.HELD_OUT}
    assert await desk.client.xlen(send_stream(CHANNEL)) == 0
    assert (await desk.store.get(campaign.campaign_id)).state is EducationState.RUNNING


class Mortal(Sink):
    """Sends some messages, and hangs in the last: then its process dies."""

    def __init__(self, last: int) -> None:
        super().__init__()
        self._last = last
        self.dying = asyncio.Event()

    async def send(self, outgoing: Outgoing) -> SendResult:
        self.got.append(outgoing)
        if len(self.got) >= self._last:
            self.dying.set()
            await asyncio.Event().wait()
        return ACCEPTED


async def process(desk: EducationDesk, sink: Sink, name: str) -> None:
    """Hand over and send, until it dies."""
    runner, sending = (
        desk.runner("one", per_second=7),
        asyncio.create_task(desk.worker(sink, name).run()),
    )
    try:
        while True:
            await runner.step()
            await asyncio.sleep(0.02)
            desk.now[0] += SECOND_MS  # what a dead process still holds comes back later
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def test_whoever_dies_while_sending_nobody_is_written_to_twice(desk: EducationDesk) -> None:
    campaign = await desk.approved([row(at) for at in range(60)], ALL)
    chance, sinks = random.Random(20261201), list[Mortal]()

    async with asyncio.timeout(300):
        while (await desk.store.get(campaign.campaign_id)).state is not EducationState.ENDED:
            sinks.append(Mortal(chance.randint(1, 15)))
            life = asyncio.create_task(process(desk, sinks[-1], f"worker-{len(sinks)}"))
            ended = asyncio.create_task(_ended(desk, campaign.campaign_id))
            dying = asyncio.create_task(sinks[-1].dying.wait())
            await asyncio.wait({life, ended, dying}, return_when=asyncio.FIRST_COMPLETED)
            for task in (life, ended, dying):
                task.cancel()
            await asyncio.gather(life, ended, dying, return_exceptions=True)
    rest = desk.worker(last := Sink(), "last")
    async with asyncio.timeout(120):
        while await waiting(desk):
            await rest.step()
            desk.now[0] += SECOND_MS
        await rest.finish()

    got = Counter(one.to for sink in (*sinks, last) for one in sink.got)
    people = await desk.people(campaign)
    assert len(sinks) > 3
    assert set(got.values()) == {1}
    assert sum(people.values()) == 60
    # What was in doubt is recorded as failed, and may have arrived.
    assert people[PersonState.SENT] + people.get(PersonState.FAILED, 0) == 60
    assert people[PersonState.SENT] <= len(got)


async def waiting(desk: EducationDesk) -> int:
    """Return how many messages are in the queue, or come back to it."""
    stream = send_stream(CHANNEL)
    return int(await desk.client.xlen(stream) + await desk.client.zcard(f"later:{{{stream}}}"))


async def _ended(desk: EducationDesk, campaign_id: int) -> None:
    while (await desk.store.get(campaign_id)).state is not EducationState.ENDED:  # noqa: ASYNC110
        await asyncio.sleep(0.05)


async def test_a_process_that_died_after_it_appended_appends_nothing_again(
    desk: EducationDesk,
) -> None:
    campaign = await desk.approved([row(at) for at in range(5)], ALL)
    await desk.runner().step()
    pending = await desk.recipients.pending(campaign.campaign_id, 5)
    people = {person_: found for person_, found in pending.items() if found is not None}
    await EducationQueue(desk.client, most_waiting=100).append(campaign, people, desk.now[0])

    assert await desk.runner().step() == 5

    assert await desk.client.xlen(send_stream(CHANNEL)) == 5
    assert await desk.people(campaign) == {PersonState.QUEUED: 5}


async def test_a_stop_keeps_what_no_channel_has(desk: EducationDesk) -> None:
    campaign = await desk.approved([row(at) for at in range(30)], replace(ALL, daily_cap=20))
    runner, sink = desk.runner(), Sink()
    await runner.step()
    await runner.step()

    with identity.acting_as(person("sun")):
        stopped = await desk.campaigns.stop(campaign.campaign_id, "a wrong text", "")
    await drain(desk.worker(sink))
    await runner.step()

    assert stopped.state is EducationState.STOPPED
    assert sink.got == []
    assert await desk.people(campaign) == {PersonState.WITHHELD: 20, PersonState.TO_SEND: 10}


async def test_the_kill_switch_and_quiet_hours_hold_it_and_it_goes_on(desk: EducationDesk) -> None:
    campaign = await desk.approved([row(at) for at in range(10)], ALL)
    runner, sink = desk.runner(), Sink()
    await runner.step()

    desk.stopped[0] = True
    switched_off = await runner.step()
    desk.stopped[0], desk.now[0] = False, FIVE_O_CLOCK_MS + 6 * HOUR_MS
    at_night = await runner.step()
    desk.now[0] = FIVE_O_CLOCK_MS + 16 * HOUR_MS
    by_day = await runner.step()
    desk.stopped[0] = True
    await drain(desk.worker(sink))

    assert (switched_off, at_night, by_day, sink.got) == (0, 0, 10, [])
    desk.stopped[0] = False
    desk.now[0] += HOUR_MS
    assert len(await sent_by(desk, sink)) == 10
    assert await desk.people(campaign) == {PersonState.SENT: 10}


async def test_a_day_has_its_cap_and_the_end_ends_it(desk: EducationDesk) -> None:
    campaign = await desk.approved([row(at) for at in range(30)], replace(ALL, daily_cap=8))
    sink = Sink()

    first = len(await sent_by(desk, sink, 5))
    desk.now[0] += DAY_MS
    second = len(await sent_by(desk, sink, 5))
    desk.now[0] = campaign.end_ms
    last = len(await sent_by(desk, sink, 5))

    assert (first, second, last) == (8, 16, 16)
    assert await desk.people(campaign) == {PersonState.SENT: 16, PersonState.TO_SEND: 14}
    assert (await desk.store.get(campaign.campaign_id)).state is EducationState.ENDED


async def test_nobody_is_educated_twice_in_a_month_nor_out_of_a_group_held_out(
    desk: EducationDesk,
) -> None:
    rows = [row(at) for at in range(100)]
    first = await desk.approved(rows)
    sink = Sink()
    held = 100 - len(await sent_by(desk, sink))
    second = await desk.approved(rows, named("第二"))
    desk.now[0] += HOUR_MS

    await sent_by(desk, sink)

    assert await desk.people(second) == {
        PersonState.EDUCATED: 100 - held,
        PersonState.HELD_OUT_ELSEWHERE: held,
    }
    assert (await desk.people(first))[PersonState.HELD_OUT] == held


async def test_two_campaigns_at_once_write_to_a_person_once(desk: EducationDesk) -> None:
    rows = [row(at) for at in range(20)]
    one, other = (
        await desk.approved(rows, ALL),
        await desk.approved(rows, replace(ALL, name="又一")),
    )
    own = replace(one.message, text="【反诈宣传】不透露验证码。")
    await desk.store.put(replace(other, message=own))

    got = await sent_by(desk, Sink())

    assert got == Counter({number(at): 1 for at in range(20)})
    withheld = [(await desk.people(each)).get(PersonState.WITHHELD, 0) for each in (one, other)]
    assert sum(withheld) == 20


async def test_who_declines_after_the_assignment_is_not_written_to(desk: EducationDesk) -> None:
    campaign = await desk.approved([row(at) for at in range(5)], ALL)
    runner, sink = desk.runner(), Sink()
    await runner.step()
    await runner.step()

    await desk.limits.opt_out(number(3), NoticeKind.ADVICE)
    await drain(desk.worker(sink))

    assert number(3) not in {one.to for one in sink.got}
    assert await desk.people(campaign) == {PersonState.SENT: 4, PersonState.WITHHELD: 1}


async def test_it_waits_for_the_limit_of_warnings_and_uses_none_of_it(desk: EducationDesk) -> None:
    warned = [
        LimitCheck(message_id=f"m{at}", victim=number(0), tier=Tier.LOW, campaign=f"c{at}")
        for at in range(4)
    ]
    for one in warned[:3]:
        assert (await desk.limits.may_send(one)).allowed
    await desk.approved([row(0), row(1)], ALL)

    got = await sent_by(desk, Sink())

    assert got == Counter({number(1): 1})
    for one in warned[:3]:
        changed = replace(one, victim=number(1), message_id=f"n-{one.message_id}")
        assert (await desk.limits.may_send(changed)).allowed


async def test_warnings_that_wait_go_first(desk: EducationDesk) -> None:
    await desk.approved([row(at) for at in range(30)], ALL)
    runner = desk.runner(queue=10)
    await runner.step()
    await queue(desk.client, *(f"0a.{at}" for at in range(7)))

    first = await runner.step()
    second = await runner.step()

    assert (first, second) == (3, 0)


async def test_receipts_come_in_any_order_and_a_later_state_stays(desk: EducationDesk) -> None:
    campaign = await desk.approved([row(0)], ALL)
    await sent_by(desk, Sink())
    message = MessageRef(
        id=ids.education_id(campaign.campaign_id, digest_of(number(0))), channel=CHANNEL
    )
    records = desk.records()

    await records.delivered(message, by=CHANNEL)
    await records.sent(message, by=CHANNEL)
    await records.failed(message, by=CHANNEL, why="expired")
    await records.delivered(replace(message, id="education-99.ab"), by=CHANNEL)

    assert await desk.people(campaign) == {PersonState.DELIVERED: 1}


async def test_only_one_process_hands_over(desk: EducationDesk) -> None:
    await desk.approved([row(at) for at in range(5)], ALL)
    await desk.runner("one").step()

    assert await desk.runner("two").step() == 0
    assert await desk.runner("one").step() == 5


async def test_a_damaged_record_holds_up_neither_warnings_nor_other_campaigns(
    desk: EducationDesk,
) -> None:
    damaged = await desk.approved([row(0)], ALL)
    other = await desk.approved([row(1), row(2)], replace(ALL, name="另一"))
    third = await desk.approved([row(8), row(9)], replace(ALL, name="第三"))
    sink = Sink()
    runner, worker = desk.runner(), desk.worker(sink)
    await runner.step()
    people = f"{{fanzha:education:{third.campaign_id}}}:people"
    await desk.client.hset("{fanzha:education}:documents", str(damaged.campaign_id), "{")
    await desk.client.hset(people, digest_of(number(9)), "[]")
    await queue(desk.client, "0a.1", ids.education_id(damaged.campaign_id, digest_of(number(0))))

    await desk.runner().step()
    await drain(worker)

    assert sorted(one.to for one in sink.got) == sorted(map(number, (1, 1, 2, 8)))
    assert await desk.people(other) == {PersonState.SENT: 2}
    assert await desk.people(third) == {PersonState.SENT: 1, PersonState.FAILED: 1}
