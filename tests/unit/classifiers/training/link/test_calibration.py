"""Calibration of log odds."""

import numpy as np
import pytest

from classifiers.evaluation.metrics import calibration_error
from classifiers.training.link import calibration
from classifiers.training.link.calibration import Calibration

CHANCE = np.random.default_rng(7)
ODDS = CHANCE.uniform(-4, 4, 40_000).astype(np.float32)


@pytest.mark.parametrize("true", [Calibration(0.0, 1.5, -0.7), Calibration(0.05, 0.6, 0.3)])
def test_the_calibration_that_odds_were_made_with_is_found(true: Calibration) -> None:
    expected = true.bend * ODDS**3 + true.slope * ODDS + true.offset
    malicious = np.random.default_rng(8).random(len(ODDS)) < 1 / (1 + np.exp(-expected))

    bend, slope, offset = calibration.fit(ODDS, malicious)

    assert (bend, slope, offset) == pytest.approx(true, abs=0.06)
    believed = 1 / (1 + np.exp(-(bend * ODDS**3 + slope * ODDS + offset)))
    assert calibration_error(believed.astype(np.float32), malicious) < 0.01


def test_scores_keep_their_order_where_a_bend_would_break_it() -> None:
    flattened = np.clip(ODDS, -1, 1)
    malicious = np.random.default_rng(9).random(len(ODDS)) < 1 / (1 + np.exp(-flattened))

    bend, slope, _offset = calibration.fit(ODDS, malicious)

    assert bend == 0
    assert slope > 0


def test_scores_without_information_are_refused() -> None:
    malicious = np.random.default_rng(9).random(len(ODDS)) < 1 / (1 + np.exp(ODDS))

    with pytest.raises(ValueError, match="do not tell"):
        calibration.fit(ODDS, malicious)


def test_wide_odds_of_few_frauds_do_not_run_away() -> None:
    chance = np.random.default_rng(10)
    benign, malicious = chance.normal(-14, 4, 40_000), chance.normal(9, 7, 2_000)
    odds = np.concatenate([benign, malicious]).astype(np.float32)
    is_malicious = np.arange(len(odds)) >= len(benign)

    bend, slope, offset = calibration.fit(odds, is_malicious)

    believed = 1 / (1 + np.exp(-(bend * odds**3 + slope * odds + offset)))
    assert slope < 3
    assert calibration_error(believed.astype(np.float32), is_malicious) < 0.01
