"""The pages in docs are what the committed results say, and nothing else."""

from typing import Any

import pytest

from benchmarks import results, scenarios
from benchmarks.report import latest_results, pages, readme
from tests.support.checkout import CHECKOUT

DOCS = CHECKOUT / "docs"
PUBLISHED = latest_results.newest(results.FOLDER)


@pytest.mark.parametrize("name", pages.WRITERS)
def test_the_page_is_what_report_makes_of_the_results(name: str) -> None:
    assert (DOCS / "reference" / name).read_text() == pages.write(PUBLISHED)[name], (
        "fanzha bench report"
    )


@pytest.mark.parametrize("name", readme.FILES)
def test_the_figures_of_the_readme_are_those_of_the_results(name: str) -> None:
    text = (DOCS.parent / name).read_text()

    assert text == readme.write(PUBLISHED, text, readme.FILES[name]), "fanzha bench report"


def test_a_readme_without_a_place_for_figures_is_refused() -> None:
    with pytest.raises(ValueError, match="figures"):
        readme.write(PUBLISHED, "# Fanzha\n")


def test_the_page_describes_the_h2load_bodies_correctly() -> None:
    (call,), calls = scenarios.calls(1, 10**6), scenarios.calls(1024, 10**6)
    (text,), texts = scenarios.texts(1, 0), scenarios.texts(1024, 0)

    def listed(one: Any) -> bool:
        return 0 <= int(one.caller) - scenarios.FIRST_LISTED < 10**6

    assert not listed(call)
    assert 0.02 < sum(map(listed, calls)) / len(calls) < 0.04
    assert "http" in text.body
    assert 0.3 < sum("http" in one.body for one in texts) / len(texts) < 0.4


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

    with pytest.raises(
        latest_results.Unreadable, match=f"2025-01-01-{kind}.json: .* older version"
    ):
        pages.complete({kind: older})


def test_the_import_in_the_readme_is_the_newest_of_a_million_numbers() -> None:
    both = {
        "listed": 1_000_000, "imports": [{"what": "numbers", "seconds": 4.5}],
        "bytes_per_entry": {"number_in_files": 18.0},
    }  # fmt: skip
    alone = {
        "listed": 1_000_000, "import": {"seconds": 3.5}, "lists": {"file_bytes": 17_500_000},
    }  # fmt: skip
    results = {
        "sweep-list-size": {"at": "2026-11-25", "sizes": [both]},
        "sweep-large-list-quick": {"at": "2026-12-01", "sizes": [alone]},
    }

    text = readme.write(results, f"{readme.BEGIN}{readme.END}")

    assert "took 3.50 s for a million numbers; they take 17.5 bytes" in text


def test_an_import_that_was_given_up_is_not_in_the_readme() -> None:
    stopped = {"listed": 1_000_000, "stopped_after_seconds": 1800.0}

    text = readme.write({"sweep-large-list": {"sizes": [stopped]}}, f"{readme.BEGIN}{readme.END}")

    assert "a million numbers" not in text
