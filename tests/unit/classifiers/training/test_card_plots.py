"""Plots of a card are small, say what the card says, and are the same every time."""

import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifiers.training import card_plots
from classifiers.training.bundle_writer import write_bundle

THRESHOLD = 0.75
SCORES = np.array([0.05, 0.2, 0.4, 0.8, 0.1, 0.7, 0.8, 0.95], np.float32)
FRAUDS = np.array([0, 0, 0, 0, 1, 1, 1, 1], np.bool_)
SOURCES = ["chat", "chat", "post", "post", "post", "bank", "bank", "bank"]


def a_card(folder: Path) -> dict[str, Any]:
    plots = card_plots.figures(SCORES, FRAUDS, THRESHOLD, SOURCES)
    plots["learning"] = [{"rows": 10, "AUC": 0.7}, {"rows": 40, "AUC": 0.8}]
    table = {"channel": "url", "threshold": THRESHOLD, "plots": plots}
    write_bundle(folder, b"graph", table)
    return tomllib.loads((folder / "card.toml").read_text(encoding="utf-8"))


def test_figures_count_each_row_once() -> None:
    plots = card_plots.figures(SCORES, FRAUDS, THRESHOLD)

    assert sum(plots["scores"]["legitimate"]) == sum(plots["scores"]["fraud"]) == 4
    assert sum(one["rows"] for one in plots["reliability"]) == len(SCORES)


def test_the_threshold_is_a_point_of_the_curve() -> None:
    plots = card_plots.figures(SCORES, FRAUDS, THRESHOLD)

    assert plots["roc"]["threshold"] == [0.25, 0.5]
    assert plots["roc"]["recalls"] == sorted(plots["roc"]["recalls"])


def test_sources_are_those_of_frauds() -> None:
    plots = card_plots.figures(SCORES, FRAUDS, THRESHOLD, SOURCES)

    assert plots["sources"] == [
        {"source": "bank", "fraud": 3, "blocked": 2},
        {"source": "post", "fraud": 1, "blocked": 0},
    ]


def test_a_written_card_is_drawn_the_same_every_time(tmp_path: Path) -> None:
    if find_spec("matplotlib") is None:
        # Then training says so when it comes to the page.
        with pytest.raises(ModuleNotFoundError, match="matplotlib"):
            card_plots.draw(a_card(tmp_path), tmp_path / "url.md")
        return
    card = a_card(tmp_path)

    lines = card_plots.draw(card, tmp_path / "one" / "url.md")
    card_plots.draw(card, tmp_path / "two" / "url.md")

    names = ["reliability", "roc", "scores", "sources", "learning"]
    for name in names:
        one, two = (tmp_path / place / "plots" / f"url-{name}.svg" for place in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()
        assert one.stat().st_size < 60_000
        assert f"](plots/url-{name}.svg)" in lines
    assert len(list((tmp_path / "one" / "plots").iterdir())) == len(names)
