"""What becomes of a call whose velocity is suspicious."""

import logging

import numpy as np
import pytest

from fanzha.decisions import Action, Decisions, Reason
from fanzha.tables import Calls, Channel
from services.decision.decision_rules import DecisionRules
from services.decision.model_kinds import ModelKind
from services.decision.observer import Observer
from services.decision.shadow.models import MarkChange
from services.decision.sinks.hit_encoder import written
from services.decision.sinks.hit_fields import decode
from services.decision.sinks.hit_records import blocked
from services.decision.velocity import VelocityStage
from tests.support.builders import (
    NINE_O_CLOCK_MS,
    NINE_O_CLOCK_S,
    BrokenModel,
    FixedScore,
    a_velocity_stage,
    an_engine,
    an_entry,
    some_calls,
    some_models,
)
from tests.support.log_records import logged_by

CALLER, OTHER = "+8617000000001", "+8619900000001"
OFTEN = [CALLER] * 3
"""Calls enough to be suspicious."""


def decide(velocity: VelocityStage | None, calls: Calls, score: float = 0.0) -> Decisions:
    engine = an_engine(velocity=velocity, models=some_models(score))
    return engine.decide_calls(calls, NINE_O_CLOCK_S)


@pytest.mark.parametrize(
    ("velocity", "action", "reason"),
    [
        (a_velocity_stage(0.95), Action.ALLOW, Reason.VELOCITY),
        (a_velocity_stage(0.95, blocks=True), Action.BLOCK, Reason.VELOCITY),
        (a_velocity_stage(0.89, blocks=True), Action.ALLOW, Reason.SCORED),
        (None, Action.ALLOW, Reason.SCORED),
    ],
)
def test_a_suspicious_call_is_marked_or_by_setting_blocked(
    velocity: VelocityStage | None, action: Action, reason: Reason
) -> None:
    decisions = decide(velocity, some_calls(*OFTEN))

    assert decisions.actions.tolist() == [action] * 3
    assert decisions.reasons.tolist() == [reason] * 3


def test_a_first_call_is_not_suspicious_whatever_its_score() -> None:
    decisions = decide(a_velocity_stage(1.0, blocks=True), some_calls(CALLER, OTHER, OTHER))

    assert decisions.reasons.tolist() == [Reason.SCORED] * 3


def test_a_mark_has_score_and_model() -> None:
    decisions = decide(a_velocity_stage(0.95), some_calls(OTHER, *OFTEN))

    assert decisions.details[1].velocity_score == pytest.approx(0.95)
    assert decisions.details[1].velocity_inputs == {
        "home_number": 1,
        "attempts_minute": 3,
        "attempts_ten_minutes": 3,
        "attempts_hour": 3,
        "repeated": 2,
        "outgoing_calls": 3,
    }
    assert (decisions.velocity_version, decisions.model_version) == ("test-1", "test-1")
    assert list(decisions.details) == [1, 2, 3]


def test_a_call_that_is_not_suspicious_has_no_detail() -> None:
    decisions = decide(a_velocity_stage(0.1), some_calls(*OFTEN))

    assert decisions.details == {}
    assert decisions.velocity_version == "test-1"


def test_a_suspicious_call_blocked_by_a_list_keeps_its_entry_and_its_velocity() -> None:
    engine = an_engine(an_entry(CALLER), velocity=a_velocity_stage(0.95))

    decisions = engine.decide_calls(some_calls(*OFTEN), NINE_O_CLOCK_S)

    assert decisions.reasons.tolist() == [Reason.BLOCKLISTED] * 3
    assert decisions.details[0].pattern == CALLER
    assert decisions.details[0].velocity_score == pytest.approx(0.95)


def test_calls_to_and_from_protected_numbers_are_let_through_whatever_their_velocity() -> None:
    velocity = a_velocity_stage(1.0, blocks=True)

    calls = some_calls(*OFTEN, "110", callees=["110", "110", "110", CALLER])

    decisions = decide(velocity, calls, score=1.0)

    assert decisions.actions.tolist() == [Action.ALLOW] * 4


def test_a_failing_velocity_model_is_logged_once_counted_and_decides_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failures: list[None] = []
    observer = Observer(velocity_failed=lambda: failures.append(None))
    velocity = a_velocity_stage(model=BrokenModel(), blocks=True)
    engine = an_engine(velocity=velocity, observer=observer)

    for _ in range(3):
        decisions = engine.decide_calls(some_calls(*OFTEN), NINE_O_CLOCK_S)

    assert decisions.reasons.tolist() == [Reason.SCORED] * 3
    assert len(failures) == 3
    found = logged_by(caplog, "services.decision")
    messages = [line for line in found if line.levelno == logging.ERROR]
    assert len(messages) == 1


def test_implausible_callers_are_blocked_or_not_by_their_own_setting_alone() -> None:
    unknown = "+8611000000001"
    for rules, reason in (
        (DecisionRules(), 7),
        (DecisionRules(block_implausible_callers=False), 3),
    ):
        engine = an_engine(velocity=a_velocity_stage(0.1), rules=rules)

        decisions = engine.decide_calls(some_calls(unknown), NINE_O_CLOCK_S)

        assert decisions.reasons.tolist() == [reason]


def test_the_stage_remembers_calls_and_their_ends() -> None:
    velocity = a_velocity_stage()
    engine = an_engine(velocity=velocity)
    one = np.ones(1, np.int64)

    engine.decide_calls(some_calls(CALLER, CALLER), NINE_O_CLOCK_S)
    velocity.memory.record_ends(
        some_calls(CALLER).callers, one, np.zeros(1, np.bool_), 0 * one, one * NINE_O_CLOCK_MS
    )

    known = velocity.memory.observe(some_calls(CALLER))
    assert (known.attempts_minute.tolist(), known.unanswered.tolist()) == ([3], [1])


def test_a_marked_call_becomes_a_suspected_hit_with_its_velocity_score() -> None:
    calls = some_calls(OTHER, *OFTEN)
    decisions = decide(a_velocity_stage(0.95), calls)

    batch = blocked(Channel.CALL, calls, decisions, NINE_O_CLOCK_MS)

    assert batch is not None
    assert len(batch) == 3
    hit = next(written(batch))
    fields = decode(hit.fields)
    assert not hit.confirmed
    assert (fields["action"], fields["reason"]) == ("ALLOW", "VELOCITY")
    assert (fields["from_party"], fields["score"]) == (CALLER, "0.95")


@pytest.mark.parametrize(
    ("score", "other", "blocks", "change"),
    [
        (0.1, 0.95, False, MarkChange.WOULD_MARK),
        (0.95, 0.1, False, MarkChange.WOULD_CLEAR),
        (0.95, 0.1, True, MarkChange.WOULD_CLEAR),
        (0.95, 0.96, False, MarkChange.SAME),
    ],
)
def test_a_shadow_counts_what_it_would_mark_differently_and_marks_nothing(
    *, score: float, other: float, blocks: bool, change: MarkChange
) -> None:
    seen: list[list[int]] = []
    observer = Observer(marks_shadowed=lambda changes: seen.append(changes.tolist()))
    velocity = a_velocity_stage(score, blocks=blocks, shadow=FixedScore(other))

    decisions = an_engine(velocity=velocity, observer=observer).decide_calls(
        some_calls(OTHER, *OFTEN), NINE_O_CLOCK_S
    )

    alone = decide(a_velocity_stage(score, blocks=blocks), some_calls(OTHER, *OFTEN))
    assert seen == [[MarkChange.SAME, *[change] * 3]]
    assert decisions.reasons.tolist() == alone.reasons.tolist()
    assert decisions.actions.tolist() == alone.actions.tolist()


def test_a_velocity_shadow_would_not_mark_calls_decided_by_a_list() -> None:
    seen: list[list[int]] = []
    observer = Observer(marks_shadowed=lambda changes: seen.append(changes.tolist()))
    velocity = a_velocity_stage(0.1, shadow=FixedScore(0.95))

    an_engine(an_entry(CALLER), velocity=velocity, observer=observer).decide_calls(
        some_calls(*OFTEN), NINE_O_CLOCK_S
    )

    assert seen == [[MarkChange.SAME] * 3]


def test_a_failing_velocity_shadow_is_counted_and_changes_nothing() -> None:
    failed: list[ModelKind] = []
    observer = Observer(shadow_failed=failed.append)
    velocity = a_velocity_stage(0.95, shadow=BrokenModel())

    decisions = an_engine(velocity=velocity, observer=observer).decide_calls(
        some_calls(*OFTEN), NINE_O_CLOCK_S
    )

    assert failed == [ModelKind.VELOCITY]
    assert decisions.reasons.tolist() == [Reason.VELOCITY] * 3


def test_a_dry_run_marks_calls_as_live_ones_and_leaves_no_trace() -> None:
    found: list[str] = []
    observer = Observer(marks_shadowed=lambda _changes: found.append("shadow"))
    live = a_velocity_stage(0.95, shadow=FixedScore(0.1))

    for _ in range(2):  # three calls of the first would make those of the second more
        engine = an_engine(velocity=live.for_dry_runs(), observer=observer)
        decisions = engine.decide_calls(some_calls(*OFTEN), NINE_O_CLOCK_S)
        assert decisions.reasons.tolist() == [Reason.VELOCITY] * 3
        inputs = decisions.details[0].velocity_inputs or {}
        assert inputs["attempts_hour"] == 3

    assert found == []
    assert decide(live, some_calls(CALLER)).reasons.tolist() == [Reason.SCORED]
