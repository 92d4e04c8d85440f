"""The pages in docs are what the committed results say, and nothing else."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks import results
from benchmarks.report import found, pages

DOCS = Path(__file__).parents[4] / "docs"
PUBLISHED = found.newest(results.FOLDER)


@pytest.mark.parametrize("name", pages.WRITERS)
def test_the_page_is_what_report_makes_of_the_results(name: str) -> None:
    assert (DOCS / name).read_text() == pages.write(PUBLISHED)[name], "fanzha bench report"


def test_a_figure_that_changed_changes_the_page() -> None:
    changed: dict[str, Any] = dict(PUBLISHED)
    changed["h2load"] = PUBLISHED["h2load"] | {
        "results": [
            cell | {"median": cell["median"] * 2} for cell in PUBLISHED["h2load"]["results"]
        ]
    }

    assert all(text != pages.write(PUBLISHED)[name] for name, text in pages.write(changed).items())


@pytest.mark.parametrize("kind", ["h2load", "client", "overload", "sweep-list-size", "peers"])
def test_a_result_of_an_older_version_is_named(kind: str) -> None:
    older = {"kind": kind, "file": f"2025-01-01-{kind}.json", "at": "2025-01-01"}

    if kind == "h2load":
        older["results"] = [{"channel": "call"}]  # type: ignore[assignment]

    with pytest.raises(found.Unreadable, match=f"2025-01-01-{kind}.json: .* older version"):
        pages.complete({kind: older})
