"""A bundle's time and memory are measured in a process of their own."""

import tomllib
from pathlib import Path
from shutil import copytree

import pytest

from classifiers import bundles
from classifiers.onnx_model import OnnxModel
from classifiers.training import bundle_cost


@pytest.mark.parametrize("channel", ["caller", "moment"])
def test_a_bundle_of_one_stage_has_a_time_and_a_size(channel: str) -> None:
    found = bundle_cost.measure(bundles.newest(bundles.SHIPPED, channel))

    assert found["fast_us"] > 0
    assert found["fast_mib"] >= 0
    assert "second_us" not in found


def test_both_stages_of_links_are_measured() -> None:
    found = bundle_cost.measure(bundles.newest(bundles.SHIPPED, "url"))

    assert min(found["second_us"], found["fast_us"]) > 0
    assert found["fast_mib"] > 1
    assert found["second_mib"] > 1
    assert found["files_mb"] > 1


def test_the_figures_are_kept_on_the_card_and_the_bundle_still_loads(tmp_path: Path) -> None:
    bundle = copytree(bundles.newest(bundles.SHIPPED, "moment"), tmp_path / "1")
    before = tomllib.loads((bundle / "card.toml").read_text())

    bundle_cost.keep(bundle)

    after = tomllib.loads((bundle / "card.toml").read_text())
    assert after["metrics"].pop("cost")["fast_us"] > 0
    assert after == before
    assert OnnxModel(bundle).version == before["version"]


def test_the_section_names_what_there_is() -> None:
    cost = {"batch": 256, "load": 0.5, "files_mb": 4.4, "fast_us": 6.9, "fast_mib": 3.0}

    alone = bundle_cost.section(cost)
    both = bundle_cost.section(cost | {"second_us": 4200.0, "second_mib": 1.5, "encoder_mib": 110})

    assert "| fast stage, a row | 6.9 µs |" in alone
    assert "second" not in alone
    assert "| second stage, a row that it scores | 4.2 ms |" in both
    assert "| memory of the sentence encoder | 110 MiB |" in both
    assert bundle_cost.section({}) == ""
