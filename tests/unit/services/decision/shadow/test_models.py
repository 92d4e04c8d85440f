"""What a shadow counts, and that it never decides."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.interfaces import LinkScorer
from fanzha.decisions import Action, Decisions
from fanzha.fraud import FraudType
from fanzha.tables import Channel, Uint8s
from services.decision.evidence import ModelSet
from services.decision.model_kinds import ModelKind
from services.decision.observer import Observer
from services.decision.pipeline import DecisionPipeline
from services.decision.shadow import models as shadow
from services.decision.shadow.models import Shadow, ShadowDifference, Shadows
from tests.support.builders import (
    NINE_O_CLOCK_S,
    BrokenModel,
    FixedScore,
    an_engine,
    an_entry,
    shadowed_models,
    some_calls,
    some_links,
    some_models,
    some_texts,
)

LISTED, OTHER = "+8617012345678", "+8619900000001"


class Seen:
    """An observer that remembers what it hears of shadows."""

    def __init__(self) -> None:
        self.changes: list[tuple[Channel, list[ShadowDifference]]] = []
        self.types: list[tuple[Uint8s | None, Uint8s | None]] = []
        self.failed: list[ModelKind] = []
        self.stages: list[str] = []
        self.observer = Observer(
            shadowed=self._shadowed,
            shadow_failed=self.failed.append,
            stage_done=lambda _channel, stage: self.stages.append(stage),
        )

    def _shadowed(
        self, channel: Channel, found: Uint8s, types: Uint8s | None, other: Uint8s | None
    ) -> None:
        self.changes.append((channel, [ShadowDifference(change) for change in found.tolist()]))
        self.types.append((types, other))


def watched(models: ModelSet, *listed: str) -> tuple[DecisionPipeline, Seen]:
    seen = Seen()
    return an_engine(*map(an_entry, listed), models=models, observer=seen.observer), seen


def decide_all(engine: DecisionPipeline) -> list[Decisions]:
    return [
        engine.decide_calls(some_calls(OTHER), NINE_O_CLOCK_S),
        engine.decide_texts(some_texts("hello"), NINE_O_CLOCK_S),
        engine.decide_links(some_links("http://x.example/"), NINE_O_CLOCK_S),
    ]


@pytest.mark.parametrize(
    ("score", "shadow_score", "change"),
    [
        (0.1, 1.0, ShadowDifference.WOULD_BLOCK),
        (1.0, 0.1, ShadowDifference.WOULD_ALLOW),
        (1.0, 0.95, ShadowDifference.SAME),
        (0.1, 0.2, ShadowDifference.SAME),
    ],
)
def test_a_shadow_is_compared_on_every_channel_and_decides_on_none(
    score: float, shadow_score: float, change: ShadowDifference
) -> None:
    engine, seen = watched(shadowed_models(score, shadow_score))

    found = decide_all(engine)
    alone = decide_all(an_engine(models=some_models(score, FraudType.FAKE_LOAN)))

    assert seen.changes == [(channel, [change]) for channel in Channel]
    assert [decisions.actions.tolist() for decisions in found] == [
        decisions.actions.tolist() for decisions in alone
    ]
    assert [decisions.scores.tolist() for decisions in found] == [
        decisions.scores.tolist() for decisions in alone
    ]


def test_what_the_lists_decide_a_shadow_would_not_change() -> None:
    engine, seen = watched(shadowed_models(0.1, 1.0), LISTED)

    engine.decide_calls(some_calls(LISTED, OTHER), NINE_O_CLOCK_S)
    engine.decide_calls(some_calls(OTHER, callee="110"), NINE_O_CLOCK_S)

    assert seen.changes == [
        (Channel.CALL, [ShadowDifference.SAME, ShadowDifference.WOULD_BLOCK]),
        (Channel.CALL, [ShadowDifference.SAME]),
    ]


def test_a_shadow_blocks_from_its_own_threshold() -> None:
    engine, seen = watched(shadowed_models(0.1, 0.6, threshold=0.5))

    engine.decide_links(some_links("http://x.example/"), NINE_O_CLOCK_S)

    assert seen.changes == [(Channel.LINK, [ShadowDifference.WOULD_BLOCK])]


def test_of_texts_both_fraud_types_are_counted() -> None:
    engine, seen = watched(shadowed_models(0.1, 1.0))

    engine.decide_texts(some_texts("hello"), NINE_O_CLOCK_S)

    [(types, other)] = seen.types
    assert types is not None
    assert other is not None
    assert types.tolist() == [FraudType.FAKE_LOAN]
    assert other.tolist() == [FraudType.ROMANCE]


def test_a_failing_shadow_is_counted_and_changes_nothing() -> None:
    broken: Shadow[LinkScorer] = Shadow(BrokenModel(), 0.9)
    engine, seen = watched(replace(some_models(1.0), shadows=Shadows(link=broken)))

    twice = [engine.decide_links(some_links("http://x.example/"), NINE_O_CLOCK_S) for _ in range(2)]

    assert [decisions.actions.tolist() for decisions in twice] == [[Action.BLOCK]] * 2
    assert seen.failed == [ModelKind.LINK] * 2
    assert seen.changes == []


def test_the_time_of_a_shadow_is_a_stage_of_its_own() -> None:
    alone, without = watched(some_models())
    engine, seen = watched(shadowed_models(0.1, 1.0))

    decide_all(alone)
    decide_all(engine)

    assert "shadow" not in without.stages
    assert seen.stages.count("shadow") == len(Channel)


@pytest.mark.parametrize(("share", "turns"), [(1.0, 100), (0.25, 25), (0.01, 1), (0.0, 0)])
def test_a_shadow_sees_its_share_of_the_batches(share: float, turns: int) -> None:
    watcher = Shadow(FixedScore(), 0.9, share)

    assert abs(sum(watcher.takes_turn() for _ in range(100)) - turns) <= 1


ACTIONS = st.sampled_from([Action.ALLOW, Action.BLOCK])


@given(st.lists(st.tuples(ACTIONS, ACTIONS)))
def test_a_change_names_the_other_action(pairs: list[tuple[Action, Action]]) -> None:
    actions = np.array([action for action, _ in pairs], np.uint8)
    otherwise = np.array([other for _, other in pairs], np.uint8)

    found = shadow.changes(actions, otherwise).tolist()

    for (action, other), change in zip(pairs, found, strict=True):
        assert (change == ShadowDifference.SAME) == (action == other)
        assert change != ShadowDifference.WOULD_BLOCK or other is Action.BLOCK
        assert change != ShadowDifference.WOULD_ALLOW or other is Action.ALLOW
