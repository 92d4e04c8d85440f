"""Which uncertain texts are escalated, and what is remembered; time is made by hand."""

from collections.abc import Sequence

import numpy as np
import pytest

from classifiers.cascade import Cascade, EscalationPace, ScoreCombiner
from classifiers.escalation import (
    BATCH_SECONDS,
    BUCKET_SECONDS,
    BUSY_PRICE,
    CACHE_CHARACTERS,
    CACHE_SIZE,
    PATIENCE_SECONDS,
    ROW_SECONDS,
    EscalationBudget,
    Escalations,
)
from classifiers.text.sentence_encoder import WIDTH
from classifiers.text.sentence_head import PACE, SentenceHead
from fanzha.tables import Float32s
from tests.support.cascades import EscalationTally, a_head, about

LOOK_SECONDS = 0.0001


class Stage:
    """Looks whose encoder takes `LOOK_SECONDS` of our own time a text."""

    def __init__(self, share: float | None = 0.05, pace: EscalationPace = PACE) -> None:
        self.now = self.waited = 0.0
        self.seen: list[str] = []
        self.calls: list[int] = []
        self.breaks = False
        self.tally = EscalationTally()
        scale = ScoreCombiner(about=about(), threshold=0.8)
        second = Cascade(SentenceHead(a_head(), self.encode), scale, pace)
        budget = None
        if share is not None:
            budget = EscalationBudget(
                share=share,
                clock=lambda: self.now,
                counters=self.tally,
                waited=lambda: self.waited,
            )
        self.escalations = Escalations(second, budget)

    def encode(self, texts: Sequence[str]) -> Float32s:
        self.now += LOOK_SECONDS * len(texts)
        self.seen += texts
        self.calls.append(len(texts))
        if self.breaks:
            raise RuntimeError("no encoder")
        return np.zeros((len(texts), WIDTH), np.float32)

    def ask(self, *texts: str, odds: Sequence[float] = ()) -> Float32s:
        self.escalations.begin_batch(len(texts))
        return self.escalations.scores(texts, np.array(odds or [0.0] * len(texts), np.float32))


def texts(count: int, name: str = "text") -> list[str]:
    return [f"{name} {number}" for number in range(count)]


def test_without_a_budget_every_text_is_escalated() -> None:
    stage = Stage(share=None)

    scores = stage.ask(*texts(50))

    assert len(stage.seen) == 50
    assert np.isfinite(scores).all()


def test_two_texts_of_a_batch_are_escalated_likeliest_first() -> None:
    stage = Stage()

    scores = stage.ask("a", "b", "c", "d", odds=[-2, 1, -1, 0.5])

    assert stage.seen == ["b", "d"]
    assert np.array_equal(np.isnan(scores), [True, False, True, False])
    assert stage.tally.outcomes == {"escalated": PACE.most_of_a_batch, "cached": 0, "skipped": 2}
    assert stage.tally.seconds == pytest.approx(2 * LOOK_SECONDS)


def test_a_batch_that_is_scored_in_parts_is_one_batch() -> None:
    stage = Stage()
    stage.ask("a", "b")

    scores = stage.escalations.scores(["c"], np.zeros(1, np.float32))

    assert np.isnan(scores).all()


def test_a_cached_text_costs_no_budget() -> None:
    stage = Stage()
    first = stage.ask("a")

    again = stage.ask("a", "a", "b", "c")

    assert stage.seen == ["a", "b", "c"]
    assert np.array_equal(again, np.repeat(first, 4))
    assert stage.tally.outcomes == {"escalated": 3, "cached": 2, "skipped": 0}


def test_a_repeated_text_in_a_batch_is_escalated_once() -> None:
    stage = Stage()

    scores = stage.ask("a", "a", "a")

    assert stage.seen == ["a"]
    assert np.isfinite(scores).all()
    assert stage.tally.outcomes == {"escalated": 1, "cached": 2, "skipped": 0}


def test_escalations_take_no_more_than_their_share_of_time() -> None:
    stage = Stage(share=0.05)

    for text in texts(20_000):
        stage.ask(text)
        stage.now += 0.001

    most = BUCKET_SECONDS + 0.05 * stage.now + LOOK_SECONDS
    assert 0.9 * most < len(stage.seen) * LOOK_SECONDS <= most


def test_escalations_of_a_busy_worker_cost_it_several_times_their_time() -> None:
    stage = Stage(share=0.05)
    stage.waited = 2 * PATIENCE_SECONDS

    for text in texts(20_000):
        stage.ask(text)
        stage.now += 0.001

    most = (BUCKET_SECONDS + 0.05 * stage.now) / BUSY_PRICE + LOOK_SECONDS
    assert 0.9 * most < len(stage.seen) * LOOK_SECONDS <= most
    assert stage.tally.seconds == pytest.approx(len(stage.seen) * LOOK_SECONDS)


def test_a_batch_takes_no_more_time_than_its_rows_allow() -> None:
    stage = Stage(share=1.0, pace=EscalationPace(most_of_a_batch=256, at_a_time=1))

    few = stage.ask(*texts(16, "few"))
    stage.now += 1000.0
    many = stage.ask(*texts(64, "many"))

    allowed = [BATCH_SECONDS + rows * ROW_SECONDS for rows in (16, 64)]
    looked = [np.isfinite(scores).sum() * LOOK_SECONDS for scores in (few, many)]
    for spent, most in zip(looked, allowed, strict=True):
        assert most <= spent < most + LOOK_SECONDS
    assert stage.escalations.skips(["one more"])


def test_an_idle_worker_saves_no_more_than_a_full_bucket() -> None:
    stage = Stage(share=0.05)
    stage.now += 1000.0

    for text in texts(1000):
        stage.ask(text)

    assert len(stage.seen) * LOOK_SECONDS <= BUCKET_SECONDS * 1.1 + LOOK_SECONDS


def test_the_least_recently_used_text_is_evicted_first() -> None:
    stage = Stage(share=1.0)
    stage.ask("first")
    stage.ask("second")
    for text in texts(CACHE_SIZE - 2):
        stage.now += 1
        stage.ask(text)
    stage.ask("first")
    stage.ask("one more")
    stage.seen.clear()

    stage.ask("first", "second")

    assert stage.seen == ["second"]


def test_long_texts_leave_the_cache_before_it_is_full() -> None:
    stage = Stage(share=None)
    long = [letter * (CACHE_CHARACTERS // 2) for letter in "abc"]
    for text in long:
        stage.ask(text)
    stage.seen.clear()

    stage.ask(long[2], long[1], long[0])

    assert stage.seen == [long[0]]


def test_a_text_longer_than_the_cache_is_scored_and_not_kept() -> None:
    stage = Stage(share=None)

    scores = [stage.ask("x" * (CACHE_CHARACTERS + 1)) for _ in range(2)]

    assert np.isfinite(scores).all()
    assert len(stage.seen) == 2
    assert np.isfinite(stage.ask("a")).all()


def test_of_equal_texts_the_likeliest_is_escalated_and_the_others_are_cached() -> None:
    stage = Stage()

    scores = stage.ask("a", "b", "a", "c", "b", odds=[-2, -1, 3, 0, 1])

    assert stage.seen == ["a", "b"]
    assert np.isnan(scores).tolist() == [False, False, False, True, False]
    assert stage.tally.outcomes == {"escalated": 2, "cached": 2, "skipped": 1}


def test_an_empty_bucket_skips_all_rows_but_cached_ones() -> None:
    stage = Stage(share=0.0)
    while not stage.tally.outcomes["skipped"]:
        stage.ask(*texts(2, f"{len(stage.seen)}"))
    first = stage.seen[0]
    before = dict(stage.tally.outcomes)

    scores = stage.ask("new", first, "newer")

    assert np.isnan(scores).tolist() == [True, False, True]
    assert stage.tally.outcomes["cached"] == before["cached"] + 1
    assert stage.tally.outcomes["skipped"] == before["skipped"] + 2


def test_rows_are_skipped_once_the_budget_is_spent_unless_one_is_cached() -> None:
    stage = Stage(share=0.0)
    assert not stage.escalations.skips(["a"])  # the bucket is full
    while stage.tally.outcomes["skipped"] == 0:
        stage.ask(*texts(2, f"{len(stage.seen)}"))
    before = dict(stage.tally.outcomes)

    assert not stage.escalations.skips(["new", stage.seen[0]])
    assert stage.tally.outcomes == before
    assert stage.escalations.skips(["new", "newer"])
    assert stage.tally.outcomes == {**before, "skipped": before["skipped"] + 2}
    assert not Stage(share=None).escalations.skips(["a"])


def test_rows_beyond_the_pace_are_skipped_until_the_next_batch() -> None:
    stage = Stage()
    stage.ask("a", "b")

    assert stage.escalations.skips(["c"])
    stage.escalations.begin_batch(1)
    assert not stage.escalations.skips(["c"])


def test_a_fault_leaves_the_fast_score_and_is_counted() -> None:
    stage = Stage()
    stage.breaks = True

    broken = stage.ask("a", "b", "c")
    stage.breaks = False
    mended = stage.ask("a")

    assert np.isnan(broken).all()
    assert np.isfinite(mended).all()
    assert stage.tally.failures == 2
    assert stage.tally.outcomes == {"escalated": 1, "cached": 0, "skipped": 1}


def test_a_fault_costs_time_too() -> None:
    stage = Stage()
    stage.breaks = True

    for text in texts(1000):
        stage.ask(text)

    assert stage.now <= BUCKET_SECONDS * 1.1 + LOOK_SECONDS


def test_without_a_budget_a_fault_is_raised() -> None:
    stage = Stage(share=None)
    stage.breaks = True

    with pytest.raises(RuntimeError):
        stage.ask("a")


def test_a_larger_pace_escalates_several_rows_in_each_call() -> None:
    stage = Stage(pace=EscalationPace(most_of_a_batch=5, at_a_time=2))

    scores = stage.ask(*texts(7), odds=[7, 6, 5, 4, 3, 2, 1])

    assert stage.calls == [2, 2, 1]
    assert np.isnan(scores).tolist() == [False] * 5 + [True] * 2


def test_a_failed_call_counts_each_of_its_rows() -> None:
    stage = Stage(pace=EscalationPace(most_of_a_batch=4, at_a_time=3))
    stage.breaks = True

    stage.ask(*texts(4))

    assert stage.tally.failures == 4
    assert stage.tally.outcomes == {"escalated": 0, "cached": 0, "skipped": 0}
