"""Shows the figures of an evaluation on a terminal."""

from typing import Any

from rich.table import Table

from classifiers.evaluation.report import Figures
from services.cli._common.console import err, out


def show(figures: Figures) -> None:
    """Print *figures* as tables and sentences."""
    seen: Any = figures
    out.print(
        f"{seen['channel']} model {seen['model_version']}, threshold {seen['threshold']:.6g}: "
        f"{seen['rows']:,} rows of {seen['file']}"
    )
    if seen["unscored"]:
        out.print(f"{seen['unscored']:,} rows could not be read and count as let through")
    for label, rows in seen["unknown_labels"].items():
        err.print(f"label {label!r} is not known: {rows:,} rows count nowhere")
    out.print(_groups(seen["groups"]))
    if "auc" in seen:
        _show_ranking(seen)
    else:
        out.print("No AUC, recall or calibration: these need legitimate rows and fraud.")
    if "fraud_types" in seen:
        _show_fraud_types(seen["fraud_types"])


def _groups(groups: Any) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("group", "label"):
        table.add_column(title)
    for title in ("rows", "blocked", "% blocked", "95 % interval"):
        table.add_column(title, justify="right", no_wrap=True)
    for group in groups:
        table.add_row(
            group["group"] or "–",
            group["label"],
            f"{group['rows']:,}",
            f"{group['blocked']:,}",
            f"{100 * group['rate']:.3f}",
            f"{100 * group['low']:.3f} to {100 * group['high']:.3f}",
        )
    return table


def _show_ranking(seen: Any) -> None:
    out.print(f"\n{seen['fraud']:,} frauds against {seen['legitimate']:,} legitimate rows")
    out.print(f"AUC {seen['auc']:.4f}")
    for percent, recall in seen["recall_at_percent"].items():
        out.print(f"recall at {percent} % false positives {recall:.4f}")
    for one in seen["budget"]["thresholds"]:
        _show_threshold(one, seen["budget"]["rate"])
    out.print(f"expected calibration error {seen['calibration_error']:.4f}\n")
    table = Table("rows", "believed", "true", box=None, pad_edge=False)
    for one in seen["reliability"]:
        table.add_row(f"{one['rows']:,}", f"{one['believed']:.3f}", f"{one['true']:.3f}")
    out.print(table)


def _show_threshold(one: Any, rate: float) -> None:
    group = one["decided_by"] or "–"
    if one["threshold"] is None:
        out.print(f"no threshold blocks at most {100 * rate:g} % of {group}: too many score 1")
        return
    out.print(
        f"threshold for {100 * rate:g} % false positives, decided by {group}: "
        f"{one['threshold']:.6g}; recall {one['recall']:.4f}, "
        f"{one['legitimate_blocked']:,} legitimate rows blocked"
    )


def _show_fraud_types(seen: Any) -> None:
    out.print(f"\n{seen['rows']:,} frauds of a known kind, {seen['blocked']:,} of them blocked")
    for name, title in (("of_blocked", "of those blocked"), ("of_all", "of all")):
        if f"macro_f1_{name}" in seen:
            out.print(f"fraud type, macro F1 {title}: {seen[f'macro_f1_{name}']:.4f}")
    table = Table("kind", "F1 of all", box=None, pad_edge=False)
    for kind, value in seen["f1_of_all"].items():
        table.add_row(kind, f"{value:.3f}")
    out.print(table)
