"""Figures at the rates of a carrier, in the card of a model and on its page."""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np

from classifiers import card
from classifiers.training import carrier_rates
from classifiers.training.bundle_writer import write_bundle

SCORES = np.concatenate([np.linspace(0, 0.5, 3000), np.linspace(0, 1, 60)]).astype(np.float32)
FRAUDS = np.arange(3060) >= 3000
SOURCES = np.array(["chat"] * 2000 + ["inbox"] * 1000 + ["reports"] * 40 + ["few"] * 20)


def lines(**given: Any) -> Any:
    return carrier_rates.figures("test", SCORES, FRAUDS, 0.8, sources=SOURCES, **given)


def test_all_rows_come_first_then_sources_with_enough_frauds() -> None:
    whole, few, reports = lines()

    assert (whole["source"], whole["legitimate"], whole["fraud"]) == ("all", 3000, 60)
    assert (few["source"], reports["source"]) == ("few", "reports")
    assert "at_0_01_percent" not in whole
    assert whole["at_0_1_percent"][0] == 0.5
    assert few["at_0_1_percent"][0] == 1
    assert reports["at_0_1_percent"][0] == 0.25
    assert whole["precision"][1] < 0.1 < whole["precision"][0] == 1


def test_near_duplicates_may_leave_too_few_rows_for_a_rate() -> None:
    table = carrier_rates.section(lines(clusters=np.arange(3060) // 2))

    assert "| test | all | 3000 | 60 | 1,500 legitimate of 29,956 needed | 1,500 leg" in table
    assert table.count("needed |") == 2


def test_rows_of_one_kind_have_no_lines_and_no_section() -> None:
    assert carrier_rates.figures("test", SCORES, FRAUDS | True, 0.8) == []
    assert carrier_rates.section([]) == ""


def test_a_card_holds_the_lines(tmp_path: Path) -> None:
    nothing_blocked = carrier_rates.figures("test", SCORES, FRAUDS, 2.0)

    write_bundle(tmp_path, b"", {"metrics": {"carrier_rates": [*lines(), *nothing_blocked]}})

    read = tomllib.loads((tmp_path / card.CARD).read_text(encoding="utf-8"))
    assert read["metrics"]["carrier_rates"] == [*lines(), *nothing_blocked]
    assert "precision" not in nothing_blocked[0]
    assert carrier_rates.section(read["metrics"]["carrier_rates"]).count("\n| ") == 6
