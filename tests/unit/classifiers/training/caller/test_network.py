"""The graph of the caller network."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra train")
pytest.importorskip("onnx", reason="needs the extra train")

from classifiers.caller.classifier import FEATURES  # noqa: E402
from classifiers.training.caller import network  # noqa: E402
from classifiers.training.caller.__main__ import scorer  # noqa: E402
from fanzha.tables import CallerActivity, Float32s  # noqa: E402


def some_activity(rows: int) -> CallerActivity:
    chance = np.random.default_rng(3)
    return CallerActivity(
        **{
            name: np.floor(chance.gamma(0.4, 80, rows)).astype(np.float32)
            for name in CallerActivity.__slots__
        }
    )


def test_the_graph_averages_the_log_odds_of_all_perceptrons() -> None:
    activity = some_activity(300)
    rows = network.rows(activity)
    scaling, networks = network.Scaling(rows), network.Perceptrons(2 * len(FEATURES), seed=5)

    scores = scorer(network.export(scaling, networks))(activity)

    with torch.no_grad():
        inputs = torch.from_numpy(scaling(rows)).expand(network.MEMBERS, -1, -1)
        log_odds = networks(inputs).numpy()
    expected: Float32s = 1 / (1 + np.exp(-log_odds.mean(axis=0)))
    assert np.isnan(rows).any()
    assert len({*log_odds[:, 0].tolist()}) == network.MEMBERS
    assert scores == pytest.approx(expected, abs=1e-5)


def test_unknown_features_are_scaled_to_the_mean_and_marked() -> None:
    rows = np.array([[1.0, np.nan], [3.0, 5.0], [5.0, 7.0]], np.float32)

    scaled = network.Scaling(rows)(rows)

    assert scaled.shape == (3, 4)
    assert scaled[0, 1] == 0
    assert scaled[:, 2:].tolist() == [[0, 1], [0, 0], [0, 0]]
