"""The page about the link model, rendered from its card.

The template was written for one version: what was tried and what is missed is to be looked at
again with the next.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from classifiers.card import CARD
from classifiers.link import url_columns
from classifiers.training import card_sections, examples_card, page_template
from classifiers.training.bundle_writer import markdown_table
from classifiers.training.link import recall_intervals, trees
from classifiers.training.link.report import blocked_table, figures_table
from fanzha import toml_files

FIGURES: Mapping[str, str] = {
    "validation_links": "validation, links (settings were chosen here)",
    "validation_hosts": "validation, bare hosts (likewise)",
    "test_links": "test, links",
    "test_hosts": "test, bare hosts",
    "later_links": "newest months, links",
    "later_hosts": "newest months, bare hosts",
    "unseen_links": "sources never trained on, links",
}
_TEMPLATE = Path(__file__).with_name("link_page.md")
_SECOND = Path(__file__).with_name("link_page.second.md")
_BOTH = Path(__file__).with_name("link_page.both.md")
_SOURCES = "test_sources", "later_sources", "unseen_sources", "gambling_sources"
_NEWEST = """Trained on the training and validation rows, measured on the newest months and the \
legitimate
test rows, at {threshold}.

"""
_LEFT_OUT = """Half of the sources at a time, to save rounds, so that less is learnt of some kinds \
than with one
left out. Their test rows and later months, at the shipped thresholds.

"""
_LEARNING = """Trained on a quarter, half and all of the registered domains of the training rows, \
measured on the links
of the validation rows.

"""
_CHOSEN_ON = """: {choosing_rows} to try on and to choose on, none
of the test rows and newest months. Only the fast model's calibration, in its graph, is fitted on
all\
"""
_TESTED_ON = "that chose nothing but, with all\nothers, thresholds", "that chose nothing"
"""Of cards whose thresholds were chosen on all rows, before December 2026, and of newer ones."""
_SUFFIXES = ("platforms", "tlds")


def read_card(bundle: Path) -> dict[str, Any]:
    """Return the card of *bundle* as a table."""
    return toml_files.parse((bundle / CARD).read_text(encoding="utf-8"))


def render(card: Mapping[str, object], plots: str) -> str:
    """Render the page of a card's table; *plots* is Markdown that shows them."""
    metrics, how, inputs = card["metrics"], card["training"], card["inputs"]
    assert isinstance(metrics, dict)  # noqa: S101 - for the type checker
    assert isinstance(how, dict)  # noqa: S101
    assert isinstance(inputs, dict)  # noqa: S101
    *first, last = map(str, inputs["sizes"])
    thresholds = metrics["validation_thresholds_all_sources_as_one"]
    values = {
        **how,
        **_chosen_on(how),
        **inputs,
        **{name: card[name] for name in ("version", "date", "seed", "threshold")},
        "sizes": f"{', '.join(first)} and {last}",
        "megabytes": metrics["megabytes"],
        "microseconds": metrics["microseconds_per_link"],
        "figures": figures_table(metrics, FIGURES),
        "thresholds": ", ".join(f"{rate} %: {value}" for rate, value in thresholds.items()),
        **card_sections.rendered(metrics, "classifiers/training/error_kinds/link_rules.py"),
        "plots": plots,
        "learning": _learning(card["plots"]),
        "test_calibration_error": metrics["test_calibration_error"],
        "reliability": _reliability(metrics),
        **_popular(metrics["popular"]),
        "second_look": _second_look(card),
        "threshold_rules": _threshold_rules(metrics),
        "promise": metrics["promise"]["statement"],
        "review_threshold": card.get("review_threshold", card["threshold"]),
        "reviewed": _reviewed(metrics["reviewed"]),
        "left_out_sources": _left_out(metrics["left_out_sources"]),
        "both_stages": _both_stages(metrics),
        "newest_left_out": _newest(metrics["newest_left_out"]),
        "examples": _examples(card["examples"], metrics) if "examples" in card else "",
        **{key: blocked_table(metrics[key], ("source", "label", "table")) for key in _SOURCES},
        **{key: blocked_table(metrics[key], ("suffix", "label")) for key in _SUFFIXES},
    }
    return page_template.fill(_TEMPLATE, values)


def _chosen_on(how: Mapping[str, Any]) -> dict[str, str]:
    if "choosing_rows" not in how:
        return {"chosen_on": ", and none is kept back", "tested_on": _TESTED_ON[0]}
    return {"chosen_on": _CHOSEN_ON.format_map(how), "tested_on": _TESTED_ON[1]}


def _second_look(card: Mapping[str, Any]) -> str:
    second, metrics = card["second_look"], card["metrics"]
    values = {
        **{name: second[name] for name in ("from_score", "to_score", "slope", "offset")},
        "fast_weight": second["fast_weight"],
        "second_weight": round(1 - second["fast_weight"], 6),
        "rounds": trees.ROUNDS,
        "columns": len(url_columns.NAMES),
        "escalated": f"{metrics['escalated_share']:.0%}",
        "with_second": metrics["microseconds_per_link_with_second"],
        "microseconds": metrics["microseconds_per_link"],
        "megabytes_of_second": metrics["megabytes_of_second"],
    }
    return page_template.fill(_SECOND, values).rstrip()


def _threshold_rules(metrics: Mapping[str, Any]) -> str:
    rules = metrics["thresholds"]
    titles = ("at most 1 in 10,000", "threshold", "recall", "legitimate rows", "blocked")
    return markdown_table(titles, (rule.values() for rule in rules))


def _reviewed(rows: Sequence[Mapping[str, Any]]) -> str:
    titles = ("rows", "table", "label", "number", "blocked", "for review")
    shares = ("blocked", "reviewed")
    return markdown_table(
        titles,
        (
            [row["part"], row["table"], row["label"], row["rows"],
             *(f"{100 * row[one]:.3f} %" for one in shares)]
            for row in rows
        ),
    )  # fmt: skip


def _newest(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return ""
    named = {str(row["table"]): row for row in rows}
    threshold = rows[0].get("threshold")
    limit = "the shipped threshold" if threshold is None else f"a threshold of {threshold}"
    return _NEWEST.format(threshold=limit) + figures_table(named, {name: name for name in named})


def _left_out(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return ""
    titles = ("source", "label", "table", "rows", "blocked", "blocked or for review")
    counts = ("blocked", "blocked_or_reviewed")
    return _LEFT_OUT + markdown_table(
        titles,
        (
            [*(row[one] for one in titles[:4]),
             *(f"{100 * row[one] / row['rows']:.2f} %" for one in counts)]
            for row in rows
        ),
    )  # fmt: skip


def _both_stages(metrics: Mapping[str, Any]) -> str:
    # A site's own tables may have bare hosts of sources that are never trained on.
    titles = {**FIGURES, "unseen_hosts": "sources never trained on, bare hosts"}
    table = recall_intervals.table(metrics["both_stages"], titles)
    return page_template.fill(_BOTH, {"table": table}).rstrip()


def _popular(popular: Mapping[str, Any]) -> dict[str, object]:
    return {
        "popular_hosts": popular["hosts"],
        **{key: len(popular[key]) for key in ("root_blocked", "login_blocked")},
        **{key: ", ".join(popular[key]) for key in ("root_highest", "login_highest")},
    }


def _examples(about: object, metrics: Mapping[str, object]) -> str:
    assert isinstance(about, dict)  # noqa: S101 - for the type checker
    measured = blocked_table(metrics["examples_sources"], ("source", "label", "table"))
    return "\n\n".join([examples_card.section(about), "Of those only measured:", measured])


def _learning(plots: object) -> str:
    assert isinstance(plots, dict)  # noqa: S101 - for the type checker
    points = plots.get("learning", [])
    if not points:
        return ""
    return _LEARNING + markdown_table(points[0], (point.values() for point in points))


def _reliability(metrics: Mapping[str, object]) -> str:
    reliability = metrics["test_reliability"]
    assert isinstance(reliability, list)  # noqa: S101 - for the type checker
    keys = ("rows", "believed", "true")
    return markdown_table(keys, ([one[key] for key in keys] for one in reliability))
