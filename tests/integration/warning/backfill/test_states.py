"""Whatever is done with backfills in whatever order: each starts once, and none goes backwards."""

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from fanzha.errors import NotFound
from fanzha.fraud import FraudType
from services.warning.backfill.model import (
    Backfill,
    BackfillState,
    EffectiveEntry,
    PendingBackfill,
    PendingState,
    RecipientCount,
)
from services.warning.backfill.pending_store import (
    ListLogPosition,
    PendingBackfillStore,
    resolution_of,
)
from services.warning.backfill.recipients import BackfillRecipient, Exposure
from services.warning.backfill.store import BackfillStore
from tests.support.store_machines import StoreMachine, explore
from tests.support.warnings import a_warning

IDS = st.just("a")
ENTRY = EffectiveEntry(
    entry_id="e1", kind=1, pattern="+8619900000001", fraud_type=FraudType.FAKE_LOAN, campaign="",
    expires_s=2**31,
)  # fmt: skip
COUNT = RecipientCount(
    at_ms=1, persons=1, lower_bound=False, left_out=0, torn=0, covers_from_ms=1, by_exposure={},
    by_tier={}, assessed=1,
)  # fmt: skip
ENDS = [state for state in PendingState if state not in ("pending", "started")]


def persons(count: int) -> list[BackfillRecipient]:
    return [
        BackfillRecipient(number=one.victim, exposure=Exposure.ONCE, warnings=(one,))
        for one in map(a_warning, range(1, count + 1))
    ]


class Backfills(StoreMachine):
    """One backfill, and what becomes of it; stale writers write all the time."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.pending, self.store = PendingBackfillStore(self.client), BackfillStore(self.client)
        self.waiting: dict[str, PendingBackfill] = {}
        self.running: dict[str, Backfill] = {}
        self.position = ListLogPosition(version=0, commit="c0")
        self.do(self.pending.set_first_position(self.position))

    @rule(id_=IDS, stale=st.sampled_from([False, True]))
    def propose(self, id_: str, stale: bool) -> None:
        """Read one list change, which proposes a backfill."""
        if id_ in self.waiting:
            return
        after = ListLogPosition(version=self.position.version + 1, commit=f"c{id_}")
        before = replace(self.position, commit="other") if stale else self.position
        one = PendingBackfill(
            id=id_, list_version=1, by="li", effective_at_ms=5, days=7, effective_count=1,
            entries=[ENTRY],
        )  # fmt: skip
        moved = self.do(self.pending.move([one], read=(before, after)))

        assert moved is not stale
        if moved:
            self.position = after
            self.waiting[id_] = replace(one, revision=1)
        assert self.do(self.pending.position()) == self.position

    @precondition(lambda self: any(one.open for one in self.waiting.values()))
    @rule(id_=IDS, lag=st.integers(0, 1), state=st.sampled_from([*[None] * 8, *ENDS]))
    def move(self, id_: str, lag: int, state: PendingState | None) -> None:
        """Count a pending backfill, or end it; *lag* writes were missed."""
        one = self.waiting.get(id_)
        if one is None or not one.open:
            return
        after = replace(one, count=COUNT) if state is None else one.ended(state, now_ms=9, by="li")
        moved = self.do(self.pending.move([replace(after, revision=one.revision - lag)]))

        assert moved is not bool(lag)
        if moved:
            self.waiting[id_] = replace(after, revision=one.revision + 1)

    @precondition(lambda self: self.waiting)
    @rule(id_=IDS, lag=st.integers(0, 1), total=st.integers(2, 6))
    def start(self, id_: str, lag: int, total: int) -> None:
        """Start a backfill, though another may have ended or started it meanwhile."""
        one = self.waiting.get(id_)
        if one is None or (not one.open and not lag):
            return
        backfill = Backfill(
            id=id_, kind="number", pattern=ENTRY.pattern, days=7, rate=10, total=total, by="li",
            started_at_ms=9,
        )  # fmt: skip
        seen = replace(one, state=PendingState.PENDING, revision=one.revision - lag)
        after = seen.ended(PendingState.STARTED, now_ms=9, by="li")
        added = self.do(self.store.add(backfill, persons(total), resolution_of(seen, after)))

        assert added is not bool(lag)
        if added:
            self.waiting[id_] = replace(after, revision=one.revision + 1)
            self.running[id_] = backfill

    @precondition(lambda self: self.running)
    @rule(id_=IDS, count=st.integers(1, 2), lag=st.integers(0, 1))
    def advance(self, id_: str, count: int, lag: int) -> None:
        one = self.running.get(id_)
        if one is None:
            return
        found = self.do(self.store.head(id_, count))
        seen = replace(one, done=one.done - lag)
        moved = self.do(self.store.advance(seen, len(found), {"accepted": len(found)}, 11))

        is_running = one.state is BackfillState.RUNNING
        assert moved is (is_running and not lag)
        if moved:
            done = one.done + len(found)
            ended = done == one.total
            self.running[id_] = replace(
                one,
                done=done,
                counts={"accepted": done},
                state=BackfillState.DONE if ended else one.state,
                ended_at_ms=11 if ended else 0,
            )

    @precondition(lambda self: self.running)
    @rule(id_=IDS)
    def stop(self, id_: str) -> None:
        one = self.running.get(id_)
        if one is None:
            return
        stopped = self.do(self.store.stop(id_, "wang", 12))

        assert stopped is (one.state is BackfillState.RUNNING)
        if stopped:
            self.running[id_] = replace(
                one, state=BackfillState.STOPPED, stopped_by="wang", ended_at_ms=12
            )

    @invariant()
    def pending_ones_are_as_they_were_left(self) -> None:
        for id_, expected in self.waiting.items():
            assert self.do(self.pending.get(id_)) == expected
        listed = {one.id for one in self.do(self.pending.pending())}
        assert listed == {id_ for id_, one in self.waiting.items() if one.open}

    @invariant()
    def started_ones_are_as_they_were_left(self) -> None:
        for id_, expected in self.running.items():
            assert self.do(self.store.get(id_)) == expected
            assert self.waiting[id_].state is PendingState.STARTED
            left = len(self.do(self.store.head(id_, 10)))
            is_running = expected.state is BackfillState.RUNNING
            assert left == (expected.total - expected.done if is_running else 0)
        listed = {one.id for one in self.do(self.store.running())}
        assert listed == {
            id_ for id_, one in self.running.items() if one.state is BackfillState.RUNNING
        }

    @invariant()
    def what_was_not_started_does_not_run(self) -> None:
        for id_ in self.waiting.keys() - self.running.keys():
            try:
                self.do(self.store.get(id_))
            except NotFound:
                continue
            raise AssertionError(id_)


def test_the_state_machine_holds_in_every_order_of_counts_starts_and_stops(redis_url: str) -> None:
    explore(Backfills, redis_url, examples=20, steps=15)
