"""Kinds of error of callers at the shipped thresholds, as cards of other channels count them."""

from dataclasses import fields

import numpy as np

from classifiers.training.caller import error_kinds
from classifiers.training.caller.data import Subscribers
from classifiers.training.error_kinds.counts import FRAUD, LEGITIMATE, REST
from fanzha.tables import CallerActivity


def subscribers(frauds: list[bool], made: list[float]) -> Subscribers:
    columns = {one.name: np.ones(len(frauds), np.float32) for one in fields(CallerActivity)}
    calls = np.array(made, np.float32)
    activity = CallerActivity(**{**columns, "outgoing_calls": calls, "incoming_calls": calls})
    return Subscribers(activity=activity, frauds=np.array(frauds))


def test_each_subscriber_is_of_one_kind_and_reviews_are_told_apart() -> None:
    rows = subscribers([True, True, True, False, False], [0, 50, 50, 5, 2000])
    scores = np.array([0.1, 0.6, 0.95, 0.2, 0.99], np.float32)

    found = error_kinds.at_threshold(scores, rows, 0.9, 0.5)

    frauds = [line for line in found if line["label"] == FRAUD]
    others = [line for line in found if line["label"] == LEGITIMATE]
    assert [sum(line[key] for line in frauds) for key in ("rows", "wrong", "review")] == [3, 2, 1]  # type: ignore[misc]
    assert [sum(line[key] for line in others) for key in ("rows", "wrong", "review")] == [2, 1, 0]  # type: ignore[misc]
    assert {line["kind"] for line in frauds} == {"no record of a call", "32 to 127 calls made"}
    assert "1 to 31 calls made" in {line["kind"] for line in others}
    assert REST not in {line["kind"] for line in frauds}
