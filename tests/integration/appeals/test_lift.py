"""A lift that is interrupted is begun anew, and nothing is said to be lifted before it is."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest

from blocklists.entries import Direction, Entry, EntryKind, entry_id
from blocklists.entry_table import EntryTable, Identities
from blocklists.queries import MatchingEntries
from blocklists.store.worker_reports import WorkerReport
from fanzha.decisions import Action
from fanzha.errors import Unavailable
from infra.redis.client import connect
from services.appeals import review, submission
from services.appeals.list_access import Lifted, LiftOrder, ListAccess
from services.appeals.model import Appeal, AppealEventKind, AppealState
from services.appeals.store import AppealStore
from services.auth import identity
from services.auth.identity import Identity, Role, acting_as
from services.changes.model import Draft
from services.lists.hit_counter import EntryHitSummary
from services.warning.retractions.notices import STREAM, read
from tests.support.appeals import LISTED, LISTED_ID, SUSPECT_ID, Office, office, somebody
from tests.support.builders import an_entry

Look = Callable[[], Awaitable[bool]]


class Interrupted:
    """Lists that fail so many times, before or after the change."""

    def __init__(self, lists: ListAccess, *, before: int = 0, after: int = 0) -> None:
        self._lists = lists
        self._before = before
        self._after = after
        self.asked_by: list[Identity] = []

    async def find(self, pattern: str) -> MatchingEntries:
        return await self._lists.find(pattern)

    async def hits(self, entries: Sequence[Entry]) -> Mapping[str, EntryHitSummary] | None:
        return await self._lists.hits(entries)

    async def lift(self, order: LiftOrder) -> Lifted:
        self.asked_by.append(identity.current())
        if self._before:
            self._before -= 1
            raise Unavailable("the store did not answer")
        lifted = await self._lists.lift(order)
        if self._after:
            self._after -= 1
            raise Unavailable("the answer was lost")
        return lifted

    async def workers(self) -> Sequence[WorkerReport]:
        return await self._lists.workers()


class Held(Interrupted):
    """Lists whose change waits until it may happen."""

    def __init__(self, lists: ListAccess) -> None:
        super().__init__(lists)
        self.asked, self.may = asyncio.Event(), asyncio.Event()

    async def lift(self, order: LiftOrder) -> Lifted:
        self.asked.set()
        await self.may.wait()
        return await super().lift(order)


async def upheld(running: Office, decision_id: int = LISTED_ID) -> Appeal:
    appeals = running.built.appeals
    appeal, _ = await appeals.opening.open(
        submission.AppealRequest(
            decision_id=decision_id,
            appellant="Zhang San",
            contact="zhang",
            grounds="ours",
            opened_by="desk",
        )
    )
    await appeals.review.take(appeal.appeal_id, "zhou")
    return await appeals.review.decide(
        review.ReviewDecision(
            appeal_id=appeal.appeal_id, outcome=AppealState.UPHELD, reason="a bank", by="zhou"
        )
    )


def whats(appeal: Appeal) -> list[AppealEventKind]:
    return [event.what for event in appeal.events]


async def eventually(look: Look) -> None:
    deadline = monotonic() + 240
    while not await look():
        assert monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_a_lift_waits_for_the_last_worker(redis_url: str, tmp_path: Path) -> None:
    async with office(redis_url, tmp_path) as running:
        await running.list_(LISTED)
        await running.listed_hit()
        running.workers |= {"gw1/1": None, "gw2/1": 1}
        await eventually(lambda: _reporting(running, 2))
        deciding = asyncio.create_task(upheld(running))
        await eventually(lambda: _committed(running))
        under_way, _, _ = await running.built.appeals.get(1)
        running.workers["gw2/1"] = None

        done = await deciding

    assert under_way.lift is not None
    assert (under_way.lift.done, under_way.lift.version) == (False, 2)
    assert done.lift is not None
    assert (done.lift.done, done.lift.workers) == (True, 2)


async def test_a_lift_hands_the_wrong_entries_to_the_warning_pipeline(
    redis_url: str, tmp_path: Path
) -> None:
    async with office(redis_url, tmp_path) as running:
        await running.list_("+86170000001*", LISTED)
        await running.listed_hit()
        await upheld(running)
        entries = await running.text_client.xrange(STREAM)

    found = {one.pattern: one for one in (read(fields) for _, fields in entries)}
    assert found[LISTED].entry_id == entry_id(EntryKind.NUMBER, LISTED, Action.BLOCK)
    # The removed entry was wrong altogether, the range only for this number.
    assert (found[LISTED].subject, found["+86170000001*"].subject) == ("", LISTED)
    assert found[LISTED].why == "appeal 1 was upheld"
    assert found[LISTED].source


async def test_an_interrupted_lift_is_restarted(redis_url: str, tmp_path: Path) -> None:
    async with office(
        redis_url, tmp_path, around=lambda lists: Interrupted(lists, before=1, after=1)
    ) as running:
        await running.list_("+86170000001*", LISTED)
        await running.listed_hit()
        waiting = await upheld(running)

        await running.built.lifter.begin(1)
        lost, _, _ = await running.built.appeals.get(1)
        await running.built.lifter.begin(1)
        done, _, _ = await running.built.appeals.get(1)
        left = await running.patterns(LISTED)

    assert waiting.lift is not None
    assert waiting.lift.pending_reason == "the store did not answer"
    assert lost.lift is not None
    assert lost.lift.pending_reason == "the answer was lost"
    assert done.lift is not None
    assert (done.lift.done, done.lift.pending_reason) == (True, "")
    assert left == {(LISTED, Action.ALLOW), ("+86170000001*", Action.BLOCK)}
    assert whats(done).count(AppealEventKind.LIFT_DONE) == 1


async def test_of_two_hosts_one_changes_the_lists(redis_url: str, tmp_path: Path) -> None:
    made: list[Held] = []

    def around(lists: ListAccess) -> ListAccess:
        made.append(Held(lists))
        return made[-1]

    async with (
        office(redis_url, tmp_path / "here", around=around) as here,
        office(redis_url, tmp_path / "there", around=around) as there,
    ):
        await here.list_(LISTED)
        await here.listed_hit()
        deciding = asyncio.create_task(upheld(here))
        await made[0].asked.wait()

        made[1].may.set()
        await there.built.lifter.begin(1)
        asked_there = made[1].asked.is_set()
        made[0].may.set()
        done = await deciding
        left = await there.patterns(LISTED)

    assert not asked_there
    assert done.lift is not None
    assert done.lift.done
    assert left == set()


async def test_a_lift_that_is_repeated_still_says_which_entry_was_wrong(
    redis_url: str, tmp_path: Path
) -> None:
    async with office(
        redis_url, tmp_path, around=lambda lists: Interrupted(lists, after=1)
    ) as running:
        await running.list_(LISTED)
        await running.listed_hit()
        await upheld(running)
        gone = await running.patterns(LISTED)

        await running.built.lifter.begin(1)
        done, _, _ = await running.built.appeals.get(1)
        entries = await running.text_client.xrange(STREAM)

    assert gone == set()
    assert done.lift is not None
    assert [tuple(one) for one in done.lift.removed] == [(EntryKind.NUMBER, LISTED)]
    (notice,) = (read(fields) for _, fields in entries)
    assert (notice.pattern, notice.subject) == (LISTED, "")


async def test_the_lift_of_a_killed_process_is_finished_by_its_successor(
    redis_url: str, tmp_path: Path
) -> None:
    async with office(
        redis_url, tmp_path, around=lambda lists: Interrupted(lists, before=1)
    ) as running:
        await running.hit(SUSPECT_ID)
        await upheld(running, SUSPECT_ID)

    async with office(redis_url, tmp_path) as running:
        background = running.built.start()
        await eventually(lambda: _done(running))
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        done, _, _ = await running.built.appeals.get(1)
        left = await running.patterns(LISTED)
        stored = await running.hits.find(SUSPECT_ID)

    assert left == {(LISTED, Action.ALLOW)}
    assert stored is not None
    assert stored["verdict"] == "dismissed"
    assert done.lift is not None
    # Nobody reported, so nothing was measured, and nobody claims otherwise.
    assert (done.lift.workers, done.lift.seconds) == (0, None)


async def test_an_entry_locked_by_a_change_request_is_outranked_and_removed_later(
    redis_url: str, tmp_path: Path
) -> None:
    async with office(redis_url, tmp_path) as running:
        await running.list_(LISTED)
        await running.listed_hit()
        holder = await running.changes.submit_and_apply(
            Draft(
                author="li",
                reason="longer",
                additions=EntryTable.from_entries([an_entry(LISTED)]),
                removals=Identities.of([]),
            ),
            wait=True,
        )
        lifted = await upheld(running)
        outranked = await running.patterns(LISTED)
        assert holder.record is not None
        await running.built.lifter.begin(1)
        await running.changes.reject(holder.record.id, by="wang", reason="an appeal is upheld")

        await running.built.lifter.begin(1)
        done, _, _ = await running.built.appeals.get(1)
        left = await running.patterns(LISTED)
        waiting = await AppealStore(running.text_client).queue_summary(running.clock())

    assert lifted.lift is not None
    assert lifted.lift.done
    assert f"change {holder.record.id} is open and locks" in lifted.lift.held_by
    assert outranked == {(LISTED, Action.ALLOW), (LISTED, Action.BLOCK)}
    assert done.lift is not None
    assert (done.lift.held_by, left) == ("", {(LISTED, Action.ALLOW)})
    assert waiting.lifting == 0


@pytest.mark.parametrize("development", [True, False])
async def test_the_lift_is_recorded_under_the_name_of_the_officer(
    development: bool, redis_url: str, tmp_path: Path
) -> None:
    between = list[Interrupted]()

    def around(lists: ListAccess) -> ListAccess:
        between.append(Interrupted(lists))
        return between[0]

    zhou = replace(somebody("zhou", Role.APPEALS_OFFICER), development=development)
    async with office(redis_url, tmp_path, around=around) as running:
        await running.list_(LISTED)
        await running.listed_hit()
        with acting_as(replace(zhou, name="desk")):
            await running.built.appeals.opening.open(
                submission.AppealRequest(
                    decision_id=LISTED_ID, appellant="Zhang", contact="z", grounds="g"
                )
            )
        with acting_as(zhou):
            await running.built.appeals.review.take(1, "")
            await running.built.appeals.review.decide(
                review.ReviewDecision(appeal_id=1, outcome=AppealState.UPHELD, reason="a bank")
            )

    (asked_by,) = between[0].asked_by
    assert (asked_by.name, asked_by.development) == ("zhou", development)


async def test_an_allow_entry_without_an_end_keeps_it(redis_url: str, tmp_path: Path) -> None:
    async with office(redis_url, tmp_path) as running:
        review_s = running.clock() // 1000 + 86_400
        await running.list_("+86170000001*")
        await running.list_(
            LISTED, action=Action.ALLOW, directions=[2], no_ends=[True], reviews_s=[review_s]
        )
        await running.listed_hit(pattern="+86170000001*")

        await upheld(running)
        (entry, _) = (await running.administration.views.find(LISTED)).entries

    assert (entry.ends, entry.direction) == (False, Direction.BOTH)
    assert entry.review_at is not None
    assert int(entry.review_at.timestamp()) == review_s


async def test_an_expired_decision_becomes_no_training_example(
    redis_url: str, tmp_path: Path
) -> None:
    async with office(redis_url, tmp_path) as running:
        await running.hit(SUSPECT_ID)
        appeals = running.built.appeals
        appeal, _ = await appeals.opening.open(
            submission.AppealRequest(
                decision_id=SUSPECT_ID, appellant="Zhang", contact="z", grounds="g", opened_by="d"
            )
        )
        client = connect(redis_url)
        async for key in client.scan_iter("fanzha:decision*"):
            await client.delete(key)
        await client.aclose()
        await appeals.review.take(appeal.appeal_id, "zhou")

        done = await appeals.review.decide(
            review.ReviewDecision(
                appeal_id=1, outcome=AppealState.UPHELD, reason="a bank", by="zhou"
            )
        )

    assert AppealEventKind.NOT_DISMISSED in whats(done)
    assert done.lift is not None
    assert done.lift.done


async def test_lifting_a_removed_block_changes_nothing(redis_url: str, tmp_path: Path) -> None:
    async with office(redis_url, tmp_path) as running:
        await running.list_(LISTED)
        await running.listed_hit()
        await running.unlist(LISTED)

        done = await upheld(running)
        head = await running.store.head()

    assert head.version == 2
    assert done.lift is not None
    assert (done.lift.version, done.lift.removed, done.lift.allowed) == (2, [], None)


async def _committed(running: Office) -> bool:
    try:
        appeal, _, _ = await running.built.appeals.get(1)
    except Exception:
        return False
    return AppealEventKind.LIFT_COMMITTED in whats(appeal)


async def _done(running: Office) -> bool:
    appeal, _, _ = await running.built.appeals.get(1)
    return AppealEventKind.LIFT_DONE in whats(appeal)


async def _reporting(running: Office, count: int) -> bool:
    return len(await running.store.workers(running.clock())) == count
