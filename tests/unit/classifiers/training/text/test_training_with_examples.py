"""Tiny trainings with a site's examples, from the command to a bundle that loads.

They need torch, which CI does not install, and a minute of a core each: run them when training
changes. What is read, split and told is tested beside this file, without torch.
"""

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from classifiers import bundles
from classifiers.card import CARD, CASCADE_HEAD, GRAPH, SITE_LICENCE
from classifiers.training.text import data as sms_data
from tests.support.training_tables import (
    caller_examples_file,
    caller_table,
    examples_file,
    link_tables,
    text_tables,
)

pytest.importorskip("torch", reason="the extra train is not installed")
pytestmark = pytest.mark.timeout(900)

GRAPHS = (GRAPH, CASCADE_HEAD)
_TIMED = ("microseconds_per_link", "speed", "date")
"""Figures that differ from run to run."""


def python(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = (sys.executable, "-m", *arguments)
    return subprocess.run(command, capture_output=True, text=True, check=False)


def a_link_model(folder: Path, *more: str) -> Path:
    done = python("services", "train", "url", "--data", str(folder / "url"), *more)
    assert done.returncode == 0, done.stderr
    return Path(more[1])


def a_text_model(folder: Path, out: Path, *more: str) -> Path:
    tiny = ("--epochs=1", "--templates=1", "--no-leave-out")
    module, data = "classifiers.training.text", folder / "sms"
    done = python(module, f"--data={data}", f"--out={out}", *tiny, *more)
    assert done.returncode == 0, done.stderr
    return out


def a_card(bundle: Path) -> dict[str, Any]:
    """Read the card without what differs from run to run."""
    card = tomllib.loads((bundle / CARD).read_text("utf-8"))
    for table in (card, card["metrics"]):
        for name in _TIMED:
            table.pop(name, None)
    return card


def blocked(rows: list[dict[str, Any]], source: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["source"] == source]


def test_a_link_model_learns_from_examples_and_says_so(tmp_path: Path) -> None:
    link_tables(tmp_path / "url")
    path = examples_file(tmp_path / "cases.csv")
    given = ("--seed", "3", "--examples", str(path))

    bundle = a_link_model(tmp_path, "--out", str(tmp_path / "url" / "7"), *given)
    again = a_link_model(tmp_path, "--out", str(tmp_path / "again" / "7"), *given)
    card = a_card(bundle)

    assert (bundle / GRAPH).read_bytes() == (again / GRAPH).read_bytes()
    assert _without_cost(card) == _without_cost(a_card(again))
    assert bundles.load_link(tmp_path).version.endswith("7")
    assert sum(one["learned"] for one in card["examples"]["counts"]) > 100
    (data,) = blocked(card["data"], "cases")
    assert data["licence"] == SITE_LICENCE
    measured = blocked(card["metrics"]["examples_sources"], "cases")
    left_out = blocked(card["metrics"]["left_out_sources"], "cases")
    assert [row["rows"] for row in measured] == [row["rows"] for row in left_out] != []
    assert "## Examples of this site" in (tmp_path / "url" / "7.md").read_text("utf-8")


def _without_cost(card: dict[str, Any]) -> dict[str, Any]:
    """Return a card without what was timed."""
    timed = {"cost", "microseconds_per_link", "microseconds_per_link_with_second"}
    metrics = {name: value for name, value in card["metrics"].items() if name not in timed}
    return {**card, "metrics": metrics}


def test_a_text_model_learns_from_examples_and_says_so(tmp_path: Path) -> None:
    text_tables(tmp_path / "sms")
    path = examples_file(tmp_path / "cases.csv")
    page = tmp_path / "7.md"

    bundle = a_text_model(tmp_path, tmp_path / "sms" / "7", f"--examples={path}", f"--page={page}")
    card = a_card(bundle)

    assert bundles.load_text(tmp_path).version.endswith("7")
    assert sum(one["learned"] for one in card["examples"]["counts"]) > 50
    assert next(iter(card["examples"]["left_out"].values())) == 30
    (data,) = blocked(card["data"], "cases")
    assert data["licence"] == SITE_LICENCE
    (tested,) = blocked(card["metrics"]["test"], "cases")
    (left_out,) = blocked(card["metrics"]["left_out"], "cases")
    assert left_out["fraud"] + left_out["nonfraud"] == data["rows"]
    assert left_out["fraud"] > tested["fraud"] > 0
    assert "| cases | 2026-10 | fraud |" in page.read_text("utf-8")
    sources = {row["source"] for row in card["metrics"]["validation"]}
    assert {"cases", "nus", "mendeley", sms_data.OWN} <= sources


def test_rounds_go_into_a_bundle_that_is_there(tmp_path: Path) -> None:
    text_tables(tmp_path / "sms")
    bundle = a_text_model(tmp_path, tmp_path / "sms" / "7")
    before, graphs = a_card(bundle), [(bundle / name).read_bytes() for name in GRAPHS]
    tiny = ("--epochs=1", "--templates=1", "--only-rounds", "--only-without=nus")
    run = (f"--data={tmp_path / 'sms'}", f"--out={bundle}", *tiny)

    other = python("classifiers.training.text", *run, "--seed=3")
    done = python("classifiers.training.text", *run)

    assert done.returncode == 0, done.stderr
    assert "seed is 20261124 on the card, 3 here" in other.stderr
    after = a_card(bundle)
    assert [row["source"] for row in after["metrics"].pop("left_out")] == ["nus"]
    before["metrics"].pop("left_out")
    assert after == before
    assert graphs == [(bundle / name).read_bytes() for name in GRAPHS]


def test_a_caller_model_learns_from_examples_with_counters(tmp_path: Path) -> None:
    caller_table(tmp_path / "caller")
    path = caller_examples_file(tmp_path / "callers.csv")
    bundle = tmp_path / "caller" / "7"

    done = python(
        *("services", "train", "caller", f"--data={tmp_path / 'caller'}"),
        *(f"--out={bundle}", f"--examples={path}"),
    )
    card = a_card(bundle)

    assert done.returncode == 0, done.stderr
    assert bundles.load_caller(tmp_path).version.endswith("7")
    assert blocked(card["data"], "cases")[0]["licence"] == SITE_LICENCE
    measured, left_out = card["metrics"]["examples"], card["metrics"]["left_out"]
    assert [row["rows"] for row in measured] == [row["rows"] for row in left_out] != []
    assert "learned without examples" in (tmp_path / "caller" / "7.md").read_text("utf-8")


@pytest.mark.parametrize("channel", ["sms", "url"])
def test_a_damaged_row_ends_the_training_with_its_number(channel: str, tmp_path: Path) -> None:
    path = examples_file(tmp_path / "cases.csv")
    path.write_text(path.read_text("utf-8").replace("\nfraud,", "\nfrod,", 1), "utf-8")
    out = tmp_path / channel / "7"

    done = python(
        "services", "train", channel, f"--data={tmp_path}", f"--out={out}", f"--examples={path}"
    )

    assert done.returncode == 2
    assert "examples: cases.csv: row 2: label: fraud or nonfraud, not 'frod'" in done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists()
