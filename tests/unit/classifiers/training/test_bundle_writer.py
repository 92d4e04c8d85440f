"""The threshold of the worst source, and cards that read back as they were written."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from classifiers import card
from classifiers.training import bundle_writer


def test_the_worst_source_sets_the_threshold() -> None:
    scores = np.concatenate([np.linspace(0, 0.3, 5000), np.linspace(0, 0.6, 5000)])
    sources = np.repeat(["calm", "wild"], 5000)

    threshold, source = bundle_writer.budget_threshold(
        scores.astype(np.float32), np.zeros(10_000, np.bool_), sources
    )

    assert source == "wild"
    assert (scores[5000:] >= threshold).sum() <= 5


def test_one_odd_row_of_a_tiny_source_does_not_set_the_threshold() -> None:
    scores = np.concatenate([np.linspace(0, 0.3, 5000), [0.99], np.linspace(0, 0.2, 999)])
    sources = np.repeat(["large", "tiny"], [5000, 1000])
    sources[5500:] = "tiny too"

    threshold, source = bundle_writer.budget_threshold(
        scores.astype(np.float32), np.zeros(6000, np.bool_), sources
    )

    assert source == "large"
    assert threshold == pytest.approx(0.3, abs=0.001)


def test_a_card_reads_back_as_it_was_written(tmp_path: Path) -> None:
    table = {
        "version": "1",
        "limits": ['says "nothing" of 银行', "a\\b"],
        "inputs": {"sizes": [3, 5]},
        "metrics": {
            "auc": 0.9,
            "by name": {"+1": 2},
            "sources": [{"source": "a"}, {"source": "b"}],
        },
        "golden": [{"url": "http://bank.example/", "score": 0.5}],
    }

    bundle_writer.write_bundle(tmp_path, b"graph", table)

    read = tomllib.loads((tmp_path / card.CARD).read_text(encoding="utf-8"))
    assert {name: read[name] for name in table} == table
    assert (tmp_path / card.GRAPH).read_bytes() == b"graph"
