"""What imagined callers do."""

from dataclasses import fields, replace

import numpy as np
import pytest

from classifiers.training.call_simulator import events, fraudulent, legitimate, worlds
from classifiers.training.call_simulator.behaviour import Behaviour, Range
from classifiers.training.call_simulator.events import UNSCORED, CallStream, Lives
from classifiers.training.call_simulator.replay import replay
from classifiers.training.call_simulator.worlds import World
from fanzha import numbering
from fanzha.tables import Ingress


def a_world(*behaviours: Behaviour, ends_reported: float = 1.0) -> World:
    return World(
        name="small",
        behaviours=[replace(behaviour, callers=20) for behaviour in behaviours],
        attested=0.5,
        ends_reported=ends_reported,
    )


def lives_of(behaviour: Behaviour) -> Lives:
    return events.live(a_world(behaviour), 1, seed=1)


def own_calls(behaviour: Behaviour) -> CallStream:
    stream = lives_of(behaviour).stream
    return stream.take(np.flatnonzero(stream.who != UNSCORED))


def test_the_same_seed_gives_the_same_lives_and_another_seed_others() -> None:
    first, again, other = (
        events.live(a_world(legitimate.PERSON, fraudulent.SIM_BOX), 1, seed).stream
        for seed in (1, 1, 2)
    )

    assert all(
        np.array_equal(getattr(first, field.name), getattr(again, field.name))
        for field in fields(CallStream)
    )
    assert not np.array_equal(first.times, other.times)


def test_attempts_come_in_order_of_time_and_every_caller_calls() -> None:
    lives = lives_of(legitimate.FAMILY_ABROAD)

    assert (np.diff(lives.stream.times) >= 0).all()
    assert set(lives.stream.who.tolist()) - {UNSCORED} == set(range(len(lives.kinds)))


def test_a_call_ends_after_it_began_and_nobody_talks_unanswered() -> None:
    calls = own_calls(legitimate.COURIER)

    assert (calls.ended > calls.times).all()
    assert not calls.talked_ms[~calls.answered].any()


def test_shares_are_within_the_ranges_of_the_behaviour() -> None:
    calls = own_calls(fraudulent.ONE_RING)
    low, high = fraudulent.ONE_RING.answered

    assert low <= calls.answered.mean() <= high
    assert set(calls.ingress.tolist()) <= {Ingress.INTERNATIONAL, Ingress.INTERCONNECT}


def test_only_forged_numbers_are_implausible() -> None:
    assert numbering.impossible(own_calls(fraudulent.POLICE).callers).any()
    for behaviour in worlds.TEST.behaviours:
        if behaviour.name != fraudulent.POLICE.name:
            assert not numbering.impossible(own_calls(behaviour).callers).any(), behaviour.name


@pytest.mark.parametrize(
    ("behaviour", "feature", "low", "high"),
    [
        (fraudulent.BLOCK_DIALLER, "neighbour_share", 0.5, 1),
        (legitimate.COURIER, "neighbour_share", 0, 0.02),
        (legitimate.PERSON, "repeated_share", 0.15, 0.6),
        (fraudulent.SIM_BOX, "repeated_share", 0, 0.15),
        (fraudulent.ONE_RING, "unanswered_share", 0.85, 1),
    ],
)
def test_the_services_memories_see_what_callers_do(
    behaviour: Behaviour, feature: str, low: float, high: float
) -> None:
    lives = lives_of(behaviour)

    columns, attempts = replay(lives.stream)

    assert len(attempts) == (lives.stream.who != UNSCORED).sum()
    assert low <= np.nanmean(columns[feature]) <= high


def test_without_reports_of_ends_answers_are_not_known() -> None:
    world = a_world(legitimate.PERSON, ends_reported=0)

    columns, _ = replay(events.live(world, 1, seed=1).stream)

    assert np.isnan(columns["unanswered_share"]).all()


def test_the_test_world_has_kinds_of_both_that_training_lacks() -> None:
    known = {behaviour.name for behaviour in worlds.TRAINING.behaviours}
    new = [behaviour for behaviour in worlds.TEST.behaviours if behaviour.name not in known]

    assert {behaviour.fraud for behaviour in new} == {True, False}


def test_shares_stretched_stay_shares() -> None:
    assert Range(0.5, 0.9).times(2, most=0.99) == Range(0.99, 0.99)
    for behaviour in worlds.TEST.behaviours:
        shares = (behaviour.strangers, behaviour.answered, behaviour.brief, behaviour.days)
        assert all(0 <= low <= high <= 1 for low, high in shares), behaviour.name
