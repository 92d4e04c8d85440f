"""How the velocity of a call is described, and scored."""

from dataclasses import replace

import numpy as np
import pytest

from classifiers import bundles
from classifiers.caller.activity import ActivityTable
from classifiers.velocity.classifier import (
    FEWEST_ATTEMPTS,
    VelocityClassifier,
    VelocityInputs,
    cap_scores,
    inputs_of,
    velocity_features,
)
from classifiers.velocity.memory import VelocityMemory
from fanzha.tables import Attestation, Bools, Calls, Ingress
from tests.support.builders import NINE_O_CLOCK_MS, some_calls

CALLER, FOREIGN = "+8617000000001", "+15550100123"


@pytest.fixture(scope="module")
def shipped() -> VelocityClassifier:
    return bundles.load_velocity()


def inputs(calls: Calls, implausible: Bools | None = None) -> VelocityInputs:
    nothing = np.zeros(len(calls), np.bool_)
    velocity, activity = VelocityMemory(1024).observe(calls), ActivityTable(1024).observe(calls)
    everything = np.arange(len(calls))
    forged = nothing if implausible is None else implausible
    return inputs_of(calls, velocity, activity, forged, rows=everything)


def test_origin_and_attestation_are_flags() -> None:
    calls = some_calls(
        CALLER, FOREIGN, ingress=Ingress.INTERNATIONAL, attestation=Attestation.GATEWAY
    )

    found = velocity_features(inputs(calls, np.array([True, False])))

    assert found["international"].tolist() == found["attested_weakly"].tolist() == [1, 1]
    assert found["interconnect"].tolist() == found["attested_fully"].tolist() == [0, 0]
    assert found["home_number"].tolist() == found["implausible"].tolist() == [1, 0]
    assert found["foreign_number"].tolist() == [0, 1]


@pytest.mark.parametrize("caller", ["95588", "anonymous"])
def test_codes_and_names_are_numbers_of_no_country(caller: str) -> None:
    found = velocity_features(inputs(some_calls(caller)))

    assert found["home_number"].tolist() == found["foreign_number"].tolist() == [0]


def test_without_reported_ends_answers_are_not_known() -> None:
    found = velocity_features(inputs(some_calls(CALLER)))

    assert np.isnan(found["unanswered_share"]).all()
    assert np.isnan(found["brief_share"]).all()


def test_all_features_are_single_precision_columns_of_the_card(
    shipped: VelocityClassifier,
) -> None:
    found = velocity_features(inputs(some_calls(CALLER, FOREIGN)))

    assert {column.dtype for column in found.values()} == {np.dtype(np.float32)}
    assert {column.shape for column in found.values()} == {(2,)}
    assert shipped.score(inputs(some_calls(CALLER, FOREIGN))).shape == (2,)


def test_too_few_attempts_stay_under_the_threshold_whatever_they_look_like() -> None:
    attempts = np.array([0, 1, FEWEST_ATTEMPTS - 0.6, FEWEST_ATTEMPTS], np.float32)

    held = cap_scores(np.ones(4, np.float32), attempts, 0.8)

    assert (held[:3] < 0.8).all()
    assert (np.diff(held) > 0).all()
    assert held[3] == 1


def test_a_first_call_from_abroad_is_not_suspicious(shipped: VelocityClassifier) -> None:
    calls = some_calls(FOREIGN, ingress=Ingress.INTERNATIONAL)

    assert shipped.score(inputs(calls))[0] < shipped.threshold


def test_sequential_dialling_is_suspicious_and_a_family_call_is_not(
    shipped: VelocityClassifier,
) -> None:
    memory, activity = VelocityMemory(1024), ActivityTable(1024)
    scores = []
    for number in range(200):
        calls = some_calls(
            CALLER,
            "+8617000000002",
            callees=[f"+86198000{number:05}", f"+861990000000{number % 2}"],
            ingress=Ingress.INTERCONNECT,
            at_ms=NINE_O_CLOCK_MS + number * 20_000,
        )
        velocity, past, nothing = (
            memory.observe(calls),
            activity.observe(calls),
            np.zeros(2, np.bool_),
        )
        known = inputs_of(calls, velocity, past, nothing, rows=np.arange(2))
        scores.append(shipped.score(known))

    dialler, family = scores[-1].tolist()
    assert dialler >= shipped.threshold > family


def test_unknown_features_get_typical_values(shipped: VelocityClassifier) -> None:
    known = inputs(some_calls(*[CALLER] * 5))
    columns = velocity_features(replace(known, velocity=known.velocity))

    scores = shipped.score_features(columns, known.velocity.attempts_hour)

    assert not np.isnan(scores).any()
