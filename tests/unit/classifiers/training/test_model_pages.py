"""The pages about models are what their cards and templates give, byte for byte."""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifiers.training import card_plots, carrier_rates
from classifiers.training.caller import page as caller_page
from classifiers.training.link import page as link_page
from classifiers.training.text import page as sms_page
from classifiers.training.velocity import page as velocity_page
from tests.support.checkout import CHECKOUT

EXAMPLES = {
    "licence": "the site's own",
    "files": [{"name": "a.csv", "rows": 2, "sha256": "0a"}],
    "counts": [{"source": "site", "closed": "2026-01", "label": "fraud", "rows": 2, "learned": 1}],
    "left_out": {"too old": 3},
}
Render = Callable[[Mapping[str, Any], Path], str]


def newest(model: str) -> Path:
    return max(
        (CHECKOUT / "classifiers" / "models" / model).iterdir(), key=lambda one: int(one.name)
    )


def the_card(bundle: Path) -> dict[str, Any]:
    return tomllib.loads((bundle / "card.toml").read_text(encoding="utf-8"))


RENDER: dict[str, Render] = {
    "caller": lambda card, _: caller_page.render(card, card_plots.markdown(card)),
    "url": lambda card, _: link_page.render(card, card_plots.markdown(card)),
    "sms": lambda card, bundle: sms_page.render(card, bundle, card_plots.markdown(card)),
    "moment": lambda _, bundle: velocity_page.page(bundle),
}


@pytest.mark.parametrize("model", RENDER)
def test_a_page_is_what_its_template_and_the_newest_card_give(model: str) -> None:
    bundle = newest(model)

    page = RENDER[model](the_card(bundle), bundle)

    assert page == (CHECKOUT / "docs" / "models" / f"{model}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("model", ["caller", "url", "sms"])
def test_a_page_mentions_examples_only_where_there_were_some(model: str) -> None:
    bundle = newest(model)
    card = the_card(bundle)
    measured = {"examples": [{"seen": "calls", "AUC": 0.5}], "left_out": [], "examples_sources": []}
    metrics = card["metrics"] | (measured if model != "sms" else {})

    without = RENDER[model](card, bundle)
    text = RENDER[model](card | {"examples": EXAMPLES, "metrics": metrics}, bundle)

    assert "## Examples of this site" not in without
    assert "## Examples of this site\n\nThe site's own. They are no sample" in text
    assert "\n* 3 rows left out, too old.\n\n" in text
    assert {line for line in without.splitlines() if line.startswith("#")} < set(text.splitlines())


def test_the_page_of_a_text_model_without_a_second_stage_says_so() -> None:
    bundle = newest("sms")
    card = the_card(bundle)
    del card["second_look"]

    page = sms_page.render(card, bundle, card_plots.markdown(card))

    assert "\n\n**Second stage.** None: " in page


def test_a_table_without_rows_goes_with_its_heading() -> None:
    bundle = newest("sms")
    card = the_card(bundle)
    card["metrics"] |= {"left_out": [], "evasions": []}

    page = sms_page.render(card, bundle, card_plots.markdown(card))

    assert "\n\n\n" not in page
    assert "## Test rows\n" in page
    assert "## Sources left out" not in page
    assert "## Recall on test rows rewritten" not in page


@pytest.mark.parametrize("model", ["caller", "url", "sms"])
def test_a_page_shows_the_rates_of_a_carrier_where_the_card_has_them(model: str) -> None:
    bundle = newest(model)
    card = the_card(bundle)
    lines = carrier_rates.figures(
        "test", np.linspace(0, 1, 400, dtype=np.float32), np.arange(400) >= 300, 0.7
    )

    without = RENDER[model](card | {"metrics": card["metrics"] | {"carrier_rates": []}}, bundle)
    shown = RENDER[model](card | {"metrics": card["metrics"] | {"carrier_rates": lines}}, bundle)

    assert "## At the rates of a carrier" not in without
    assert "## At the rates of a carrier\n\nRecall at a rate lets" in shown
