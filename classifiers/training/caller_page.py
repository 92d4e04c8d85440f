"""The page about the caller model, rendered from its card."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from classifiers import card
from classifiers.call import MINIMUM_CALLS
from classifiers.training import card_plots, examples_card
from classifiers.training.caller_words import ERRORS, HOW, LIMITS, TRIED
from classifiers.training.common import markdown_table

ROWS = {
    "graph_alone": "**profile graph on whole records**, without minimum evidence",
    "graph_alone_callers": "the same, of those with a record of calls",
    "": "as served: whole records, with minimum evidence",
    "without_ends": "no ends of calls",
    "without_texts": "no texts",
    "calls_only": "calls only",
    "enough_calls": f"those with {MINIMUM_CALLS} calls or more only",
    "imagined_after_32_calls": "imagined after 32 calls",
    "imagined_after_64_calls": "imagined after 64 calls",
    "imagined_after_128_calls": "imagined after 128 calls",
    "imagined_after_256_calls": "imagined after 256 calls",
    "imagined_ever": "ever, over all these looks",
}
DEVELOPMENT = {
    "graph_alone": "profile graph on whole records, without minimum evidence",
    "graph_alone_callers": "the same, of those with a record of calls",
    "whole": "as served: whole records, with minimum evidence",
    "imagined_ever": "ever, over all looks",
}
_EXAMPLES = {
    "Of those only measured": "examples",
    "The same by a graph that learned without examples, at the same threshold": "left_out",
}
_TITLES = ("what is seen", "AUC", "recall at 0.1 %", "0.5 %", "1 %", "blocked frauds", "others")


def write(bundle: Path, page: Path) -> None:
    """Write the *page*, and its plots beside it."""
    table = tomllib.loads((bundle / card.CARD).read_text(encoding="utf-8"))
    page.parent.mkdir(parents=True, exist_ok=True)
    plots = card_plots.draw(table, page)
    page.write_text("\n\n".join([*_parts(table), plots, ERRORS, TRIED, LIMITS]), encoding="utf-8")


def _parts(table: Mapping[str, Any]) -> Iterator[str]:
    metrics = table["metrics"]
    test, development = metrics["test"], metrics["development"]
    numbers = {
        "version": table["version"],
        "threshold": round(table["threshold"], 4),
        "date": table["date"],
        "minimum": MINIMUM_CALLS,
        "features": len(table["inputs"]["features"]),
        **{name: metrics[name] for name in ("kilobytes", "microseconds_per_row")},
        "ever": development["imagined_ever"]["blocked_ordinary"],
        "ordinary": development["imagined_ever"]["ordinary"],
    }
    yield HOW.format(**numbers)
    yield "## How good it is\n\nTest part: {frauds} frauds, {ordinary} others.".format(**test) + (
        " Recall at a false-positive rate is read off the part's own curve; with so few others,"
        " 0.1 % means that none scores higher. The last two columns count at the threshold."
    )
    yield _figures({"": test, **test}, ROWS)
    yield (
        "Train and validation, cross-fitted in five parts (features, settings and threshold were"
        " chosen on these):"
    )
    yield _figures(development, DEVELOPMENT)
    yield "What was believed on the test part, as served, and what was true:"
    keys = ("subscribers", "believed", "true")
    yield markdown_table(keys, ([one[key] for key in keys] for one in test["calibration"]))
    yield (
        f"Brier score {test['brier']}. This holds for a population with 32 % frauds and no other:"
        " where one number in a thousand is a fraud's, the same score means far less. Use the"
        " threshold, not the number."
    )
    yield "What more subscribers to learn from bring, measured on the validation part:"
    points = table["plots"]["learning"]
    yield markdown_table(points[0], (point.values() for point in points))
    if "examples" in table:
        yield examples_card.section(table["examples"])
        for title, key in _EXAMPLES.items():
            if metrics[key]:
                yield f"{title}:"
                yield markdown_table(metrics[key][0], (one.values() for one in metrics[key]))


def _figures(metrics: Mapping[str, Any], rows: Mapping[str, str]) -> str:
    return markdown_table(_TITLES, ([title, *_cells(metrics[key])] for key, title in rows.items()))


def _cells(figures: Mapping[str, Any]) -> Iterator[str]:
    yield f"{figures['auc']:.3f}"
    for rate in ("0_1", "0_5", "1"):
        yield f"{figures[f'recall_at_{rate}_percent']:.1%}"
    yield f"{figures['blocked_frauds']} ({figures['recall_at_threshold']:.1%})"
    yield str(figures["blocked_ordinary"])
