"""The page on capacity is what the committed results say."""

import pytest

from benchmarks import results
from benchmarks.capacity import published
from benchmarks.report import latest_results
from tests.support.checkout import CHECKOUT

MEASURED = latest_results.newest(results.FOLDER)


def test_the_page_is_what_the_results_say() -> None:
    text = (CHECKOUT / "docs" / published.PAGE).read_text()

    assert text == published.write(MEASURED, text), "fanzha bench report"


def test_a_page_without_a_place_for_figures_is_refused() -> None:
    with pytest.raises(ValueError, match="capacity"):
        published.write(MEASURED, "# Capacity\n")
