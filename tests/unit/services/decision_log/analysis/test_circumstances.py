"""What a logged score means as a probability, where the card of its model tells."""

from pathlib import Path

import pytest

from services.decision.model_kinds import ModelKind
from services.decision_log.analysis import circumstances
from services.decision_log.analysis.bundle_loader import BundleLoader
from tests.support.model_bundles import a_bundle, add_to_card

ROW = {
    "channel": "LINK",
    "reason": "SCORED",
    "list_version": 1,
    "model_version": "7",
    "score": 0.9,
    "threshold": 0.8,
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    add_to_card(a_bundle(tmp_path, "url", "7"), "calibration_prevalence = 0.5")
    return tmp_path


def said(root: Path, prevalence: float = 0.0005, **changes: object) -> str:
    loader = BundleLoader(root, prevalence=prevalence)
    return circumstances.of({**ROW, **changes}, None, loader)[1].english


def test_the_score_is_told_at_the_prevalence_that_is_set(root: Path) -> None:
    assert "the score 0.900 is a probability of 0.4% at 0.05 % prevalence." in said(root)
    assert "is a probability of 50.0% at 10 % prevalence." in said(root, 0.1)


def test_nothing_is_said_without_a_score_a_bundle_or_the_share_it_was_calibrated_on(
    root: Path,
) -> None:
    a_bundle(root, "url", "8")

    assert "probability" not in said(root, score=None)
    assert "probability" not in said(root, model_version="6")
    assert "probability" not in said(root, model_version="8")
    assert BundleLoader(root).probability(ModelKind.LINK, "../7", 0.5) is None
