"""Texts that the shipped model has to block, and the nearest legitimate ones that have to pass."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from classifiers import bundles
from classifiers.text.classifier import TextClassifier

KINDS: Mapping[str, Any] = tomllib.loads(
    Path(__file__).with_name("behaviour.toml").read_text(encoding="utf-8")
)
LEAST_BLOCKED, LEAST_PASSED = 0.85, 1.0
"""Of all texts; with the second stage, which a busy service may have no time for."""
LEAST_OF_A_KIND = 0.5


@pytest.fixture(scope="module")
def model() -> TextClassifier:
    return bundles.load_text()


def blocked(model: TextClassifier, texts: list[str]) -> list[bool]:
    found: list[bool] = (model.score_bodies(texts).p_fraud >= model.threshold).tolist()
    return found


def test_kinds_have_texts_of_both_sides_and_none_twice() -> None:
    texts = [text for kind in KINDS.values() for text in (*kind["block"], *kind["pass"])]

    assert len(KINDS) >= 14
    assert len(texts) >= 100
    assert len(set(texts)) == len(texts)


def test_enough_frauds_of_every_kind_are_blocked(model: TextClassifier) -> None:
    counts = {
        name: sum(blocked(model, kind["block"])) / len(kind["block"])
        for name, kind in KINDS.items()
        if kind["block"]
    }

    assert {name for name, share in counts.items() if share < LEAST_OF_A_KIND} == set()


def test_enough_frauds_are_blocked_together(model: TextClassifier) -> None:
    frauds = [text for kind in KINDS.values() for text in kind["block"]]

    assert sum(blocked(model, frauds)) >= LEAST_BLOCKED * len(frauds)


def test_legitimate_neighbours_pass(model: TextClassifier) -> None:
    legitimate = [text for kind in KINDS.values() for text in kind["pass"]]

    wrong = [
        text
        for text, is_wrong in zip(legitimate, blocked(model, legitimate), strict=True)
        if is_wrong
    ]

    assert len(wrong) <= (1 - LEAST_PASSED) * len(legitimate), wrong
