"""The page about the caller model, rendered from its card."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from classifiers import card
from classifiers.caller.classifier import MINIMUM_CALLS
from classifiers.evaluation.risk_control import Promise
from classifiers.training import (
    card_plots,
    card_sections,
    examples_card,
    page_template,
)
from classifiers.training.bundle_writer import markdown_table
from classifiers.training.caller import error_kinds

ROWS = {
    "": "**as served: whole records**",
    "graph_alone": "the graph alone, few calls or many",
    "graph_alone_callers": "the same, of those with a record of calls",
    "without_places": "no handsets and areas, as most switches",
    "without_ends": "no ends of calls",
    "without_texts": "no texts",
    "calls_only": "calls only: none of these",
    "enough_calls": f"those with {MINIMUM_CALLS} calls or more only",
    "imagined_after_32_calls": "imagined after 32 calls",
    "imagined_after_64_calls": "imagined after 64 calls",
    "imagined_after_128_calls": "imagined after 128 calls",
    "imagined_after_256_calls": "imagined after 256 calls",
    "imagined_ever": "ever, over all these looks",
}
DEVELOPMENT = {
    "whole": "**as served: whole records**",
    "graph_alone": "the graph alone, few calls or many",
    "graph_alone_callers": "the same, of those with a record of calls",
    "imagined_ever": "ever, over all looks",
}
_REPORTED = {
    "whole": "everything",
    "without_places": ROWS["without_places"],
    "without_ends": ROWS["without_ends"],
    "without_texts": ROWS["without_texts"],
    "calls_only": ROWS["calls_only"],
}
_PROMISES = {
    Promise.CONFIDENT: "with 95 % confidence",
    Promise.EXPECTED: "on average over samples of so many, which is no statement of confidence",
    Promise.NONE: "not at all: so few rows allow no promise",
}
_EXAMPLES = {
    "Of those only measured": "examples",
    "The same by a graph that learned without examples, at the same threshold": "left_out",
}
_AT_THRESHOLD = "At the shipped thresholds, of the same scores:\n\n"
_TEMPLATE = Path(__file__).with_name("caller_page.md")
_TITLES = ("what is seen", "AUC", "recall at 0.1 %", "0.5 %", "1 %", "blocked frauds", "others")


def write(bundle: Path, page: Path) -> None:
    """Write the *page*, and its plots beside it."""
    table = tomllib.loads((bundle / card.CARD).read_text(encoding="utf-8"))
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(render(table, card_plots.draw(table, page)), encoding="utf-8")


def render(table: Mapping[str, Any], plots: str) -> str:
    """Render the page of a card's table; *plots* is Markdown that shows them."""
    metrics = table["metrics"]
    test, development = metrics["test"], metrics["development"]
    ever, points = development["imagined_ever"], table["plots"]["learning"]
    keys = ("subscribers", "believed", "true")
    shared = card_sections.rendered(metrics, "classifiers/training/caller/error_kinds.py")
    values = {
        **{name: table[name] for name in ("version", "date")},
        "threshold": round(table["threshold"], 4),
        "minimum": MINIMUM_CALLS,
        "features": len(table["inputs"]["features"]),
        "inputs": 2 * len(table["inputs"]["features"]),
        **{name: metrics[name] for name in ("kilobytes", "microseconds_per_row")},
        "review_threshold": round(table.get("review_threshold", table["threshold"]), 4),
        "decided_by": metrics["promise"]["decided_by"].replace("_", " "),
        "promised": _PROMISES[metrics["promise"]["groups"][0]["promise"]],
        "upper": f"{max(one['upper'] for one in metrics['promise']['groups']):.2%}",
        "ever": max(development["ever_blocked"].values()),
        "ordinary": ever["ordinary"],
        "test_frauds": test["frauds"],
        "test_ordinary": test["ordinary"],
        "test": _figures({"": test, **test}, ROWS),
        "development": _figures(development, DEVELOPMENT),
        "calibration": markdown_table(
            keys, ([one[key] for key in keys] for one in test["calibration"])
        ),
        "brier": test["brier"],
        "learning": markdown_table(points[0], (point.values() for point in points)),
        "examples": "\n\n".join(_examples(table)),
        "plots": plots,
        "before": _before(table.get("before")),
        "errors": error_kinds.section(metrics["errors"]),
        "recounted": _recounted(metrics.get("recounted")),
        "at_threshold": f"{_AT_THRESHOLD}{shared['error_kinds']}" if shared["error_kinds"] else "",
        **shared,
    }
    return page_template.fill(_TEMPLATE, values)


def _recounted(how: Mapping[str, Any] | None) -> str:
    if how is None:
        return ""
    packages = ", ".join(f"{name} {version}" for name, version in how["packages"].items())
    return (
        f"Kinds of error, doubted labels and cost were put onto the card on {how['date']} by\n"
        "`python -m classifiers.training.caller.remeasure`, from networks fitted to the same folds "
        "by the same\nrecipe; graph and threshold are those of the release. Packages then: "
        f"{packages}."
    )


def _before(before: Mapping[str, Any] | None) -> str:
    """Render the version before on the same subscribers, and what was gained."""
    if before is None:
        return "Not measured."
    titles = (
        *("what is reported", f"AUC of version {before['version']}", "gain"),
        *("recall at 0.5 %", "gain"),
    )
    rows = [
        (
            title,
            f"{before[key]['auc']:.3f}",
            _signed(before[key]["gain"]["auc"], 3),
            f"{before[key]['recall_at_0_5_percent']:.1%}",
            _signed([100 * one for one in before[key]["gain"]["recall"]], 1),
        )
        for key, title in _REPORTED.items()
    ]
    return markdown_table(titles, rows)


def _signed(gain: Sequence[float], places: int) -> str:
    value, low, high = (f"{one:+.{places}f}" for one in gain)
    return f"{value} ({low} to {high})"


def _examples(table: Mapping[str, Any]) -> Iterator[str]:
    if "examples" not in table:
        return
    yield examples_card.section(table["examples"])
    for title, key in _EXAMPLES.items():
        if figures := table["metrics"][key]:
            yield f"{title}:"
            yield markdown_table(figures[0], (one.values() for one in figures))


def _figures(metrics: Mapping[str, Any], rows: Mapping[str, str]) -> str:
    return markdown_table(_TITLES, ([title, *_cells(metrics[key])] for key, title in rows.items()))


def _within(interval: Sequence[float] | None, form: str) -> str:
    return "" if interval is None else f" ({interval[0]:{form}} to {interval[1]:{form}})"


def _cells(figures: Mapping[str, Any]) -> Iterator[str]:
    yield f"{figures['auc']:.3f}{_within(figures.get('auc_interval'), '.3f')}"
    for rate in ("0_1", "0_5", "1"):
        interval = figures.get("recall_interval") if rate == "0_5" else None
        yield f"{figures[f'recall_at_{rate}_percent']:.1%}{_within(interval, '.1%')}"
    yield f"{figures['blocked_frauds']} ({figures['recall_at_threshold']:.1%})"
    yield str(figures["blocked_ordinary"])
