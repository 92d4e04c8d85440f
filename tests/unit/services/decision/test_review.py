"""What scores just under the threshold is let through and put up for a person to judge."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from classifiers.interfaces import TextScores
from fanzha.decisions import Action, Decisions, Reason
from fanzha.phone import HomePlan
from fanzha.tables import Channel, Texts
from infra.mapped.minute_counts import MinuteCounts
from services.decision.carriers.policy import CarrierPolicies, CarrierPolicy, ChannelPolicy
from services.decision.evidence import BatchContext, ModelSet
from services.decision.pipeline import DecisionPipeline
from services.decision.review import PLACES, ReviewStage
from services.decision.rules import names_of
from tests.support.builders import (
    NINE_O_CLOCK_S,
    FixedScore,
    FixedTextScore,
    an_engine,
    an_entry,
    some_calls,
    some_links,
    some_models,
    some_texts,
)

BLOCKED, CLOSE, CLOSER, LOW = "0.95 pay now", "0.6 pay later", "0.8 pay soon", "0.1 see you"


class ScoreInText(FixedTextScore):
    """A text model that reads the score from the body."""

    def score(self, rows: Texts, facts: object = None) -> TextScores:  # type: ignore[override]
        scores = np.array([float(body.split()[0]) for body in rows.bodies], np.float32)
        return replace(super().score(rows), p_fraud=scores)


def models(review: float | None = 0.5, fixed: float = 0.0) -> ModelSet:
    return replace(
        some_models(fixed),
        text=ScoreInText(),
        review_thresholds=dict.fromkeys(Channel, review),
    )


class Counted:
    """What a stage reports."""

    def __init__(self) -> None:
        self.seen: list[tuple[Channel, int, int]] = []

    def __call__(self, channel: Channel, put_up: int, left_out: int) -> None:
        self.seen.append((channel, put_up, left_out))


def reviews(per_minute: int = 10, count: Counted | None = None) -> ReviewStage:
    return ReviewStage(dict.fromkeys(Channel, per_minute), count=count or Counted())


def decide(
    engine: DecisionPipeline, bodies: Sequence[str], *, at_s: int = NINE_O_CLOCK_S
) -> list[tuple[Action, Reason]]:
    return outcomes(engine.decide_texts(some_texts(*bodies), at_s))


def outcomes(decisions: Decisions) -> list[tuple[Action, Reason]]:
    pairs = zip(decisions.actions.tolist(), decisions.reasons.tolist(), strict=True)
    return [(Action(action), Reason(reason)) for action, reason in pairs]


REVIEWED, PASSED = (Action.ALLOW, Reason.REVIEW), (Action.ALLOW, Reason.SCORED)


def test_what_scores_between_the_thresholds_is_let_through_for_a_person_to_judge() -> None:
    count = Counted()
    engine = an_engine(models=models(), reviews=reviews(count=count))

    found = decide(engine, [BLOCKED, CLOSE, LOW])

    assert found == [(Action.BLOCK, Reason.SCORED), REVIEWED, PASSED]
    assert count.seen == [(Channel.TEXT, 1, 0)]


@pytest.mark.parametrize(("review", "per_minute"), [(None, 10), (0.5, 0)])
def test_without_a_review_threshold_or_with_the_setting_at_zero_nothing_changes(
    review: float | None, per_minute: int
) -> None:
    engine = an_engine(models=models(review), reviews=reviews(per_minute))

    assert decide(engine, [CLOSE, LOW]) == [PASSED, PASSED]


def test_the_score_of_the_review_threshold_itself_is_reviewed() -> None:
    engine = an_engine(models=models(0.6), reviews=reviews())

    assert decide(engine, ["0.6 a", "0.59 b", "0.9 c"]) == [
        REVIEWED,
        PASSED,
        (Action.BLOCK, Reason.SCORED),
    ]


def test_of_too_many_the_highest_scores_are_put_up_until_the_next_minute() -> None:
    count = Counted()
    engine = an_engine(models=models(), reviews=reviews(2, count))

    first = decide(engine, [CLOSE, CLOSER, CLOSE, CLOSER])
    same_minute = decide(engine, [CLOSER], at_s=NINE_O_CLOCK_S + 59)
    next_minute = decide(engine, [CLOSE], at_s=NINE_O_CLOCK_S + 60)

    assert first == [PASSED, REVIEWED, PASSED, REVIEWED]
    assert (same_minute, next_minute) == ([PASSED], [REVIEWED])
    assert count.seen == [(Channel.TEXT, 2, 2), (Channel.TEXT, 0, 1), (Channel.TEXT, 1, 0)]


def test_the_workers_of_a_host_share_the_limit() -> None:
    used = MinuteCounts.in_memory(places=PLACES)
    stages = [ReviewStage(dict.fromkeys(Channel, 3), used=used) for _ in range(2)]
    workers = [an_engine(models=models(), reviews=stage) for stage in stages]

    found = [decide(worker, [CLOSE, CLOSER]) for worker in workers]

    assert found == [[REVIEWED, REVIEWED], [PASSED, REVIEWED]]


def test_the_rule_is_logged_as_holding_only_where_it_decided() -> None:
    engine = an_engine(models=models(), reviews=reviews(1))

    decisions = engine.decide_texts(some_texts(CLOSE, CLOSER), NINE_O_CLOCK_S)

    assert decisions.held is not None
    assert [names_of(held) for held in decisions.held.tolist()] == [(), ("review",)]


def test_a_reviewed_row_is_a_suspected_hit() -> None:
    engine = an_engine(models=models(), reviews=reviews())

    decisions = engine.decide_texts(some_texts(CLOSE, LOW), NINE_O_CLOCK_S)

    assert decisions.blocked_or_marked().tolist() == [True, False]


@pytest.mark.parametrize(
    ("sender", "receiver", "reason"),
    [
        ("+8617000000001", "110", Reason.PROTECTED),
        ("+8617000000009", "+8617000000002", Reason.BLOCKLISTED),
    ],
)
def test_no_one_reviews_what_a_rule_decides(sender: str, receiver: str, reason: Reason) -> None:
    count = Counted()
    engine = an_engine(an_entry("+8617000000009"), models=models(), reviews=reviews(count=count))
    texts = replace(some_texts(CLOSE, sender=sender), receivers=HomePlan().number_keys([receiver]))

    ((_, found),) = outcomes(engine.decide_texts(texts, NINE_O_CLOCK_S))

    assert found is reason
    assert count.seen == []


def test_links_are_reviewed_too_and_channels_are_counted_apart() -> None:
    count = Counted()
    engine = an_engine(models=models(fixed=0.7), reviews=reviews(1, count))

    (text,) = decide(engine, [CLOSE])
    links = outcomes(engine.decide_links(some_links("http://a.example/"), NINE_O_CLOCK_S))

    assert [text, *links] == [REVIEWED, REVIEWED]
    assert count.seen == [(Channel.TEXT, 1, 0), (Channel.LINK, 1, 0)]


def test_a_caller_with_too_few_calls_for_a_judgement_is_not_reviewed() -> None:
    engine = an_engine(models=models(fixed=0.7), reviews=reviews(1000))
    caller = ["+8617000000001"]

    few = outcomes(engine.decide_calls(some_calls(*caller), NINE_O_CLOCK_S))
    many = outcomes(engine.decide_calls(some_calls(*caller * 64), NINE_O_CLOCK_S))

    assert few == [PASSED]
    assert set(many) == {REVIEWED}


def test_the_threshold_of_a_carrier_bounds_its_reviews() -> None:
    lower = CarrierPolicy(channels={Channel.TEXT: ChannelPolicy(threshold=0.55)})
    engine = an_engine(
        models=models(), reviews=reviews(), policies=CarrierPolicies({"cmcc": lower})
    )
    texts, context = some_texts(CLOSE, "0.52 c"), BatchContext(2, carriers=[("cmcc", 2)])

    found = outcomes(engine.decide_texts(texts, NINE_O_CLOCK_S, context))

    assert found == [(Action.BLOCK, Reason.SCORED), REVIEWED]


def test_a_dry_run_says_what_would_be_reviewed_and_uses_up_nothing() -> None:
    count = Counted()
    stage = reviews(1, count)
    dry = an_engine(models=models(), reviews=stage.for_dry_runs())

    found = decide(dry, [CLOSE] * 3)

    assert found == [REVIEWED] * 3
    assert count.seen == []
    assert decide(an_engine(models=models(), reviews=stage), [CLOSE]) == [REVIEWED]


def test_a_row_without_a_score_is_not_reviewed() -> None:
    broken = replace(models(), link=FixedScore(float("nan")))
    engine = an_engine(models=broken, reviews=reviews())

    found = outcomes(engine.decide_links(some_links("http://a.example/"), NINE_O_CLOCK_S))

    assert found == [(Action.ALLOW, Reason.FAILED_OPEN)]
