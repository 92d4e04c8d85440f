"""Shows how a model did on each source, language or month of an evaluation."""

from typing import Any

from fanzha.translation.catalogue import gettext
from services.cli._common.console import out
from services.cli._common.tables import RowTable


def show(seen: Any) -> None:
    """Print a table for each way in which rows are told apart.

    Rates are those of all rows together: one threshold serves every source.
    """
    percents = [point["percent"] for point in seen["operating_points"] if "needed" not in point]
    for by in dict.fromkeys(part["by"] for part in seen["slices"]):
        parts = [part for part in seen["slices"] if part["by"] == by]
        out.print()
        _table(by, parts, percents, seen["prevalence"]).print()


def _table(by: str, parts: Any, percents: list[str], prevalence: float) -> RowTable:
    table = RowTable()
    table.add_column(by)
    for title in (
        gettext("legitimate"),
        gettext("fraud"),
        gettext("AUC"),
        gettext("calibration error"),
        gettext("recall"),
        gettext("false positives, %"),
        gettext("precision at {prevalence:.2%} fraud", prevalence=prevalence),
        *(gettext("recall at {percent} %", percent=percent) for percent in percents),
    ):
        table.add_column(title, right=True)
    for part in parts:
        at = part["at_threshold"]
        table.add_row(
            part["group"] or "–",
            f"{part['legitimate']:,}",
            f"{part['fraud']:,}",
            f"{part['auc']:.4f}" if "auc" in part else "–",
            f"{part['calibration_error']:.4f}" if "auc" in part else "–",
            _shown(at, "recall", "low", "high"),
            _shown(at, "false_positive_rate", "false_positive_low", "false_positive_high", 100),
            _shown(at, "precision", "precision_low", "precision_high"),
            *(_shown(part["at_percent"].get(one, {}), "recall", "low", "high") for one in percents),
        )
    return table


def _shown(figures: Any, name: str, low: str, high: str, scale: float = 1) -> str:
    """Write a figure with its interval, `–` where there is none."""
    if figures.get(name) is None:
        return "–"
    value, *between = (f"{scale * figures[one]:.3f}" for one in (name, low, high))
    return f"{value} ({'–'.join(between)})"
