"""Shows two models side by side: `fanzha eval --against`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fanzha.translation.catalogue import gettext
from services.cli._common.console import out
from services.cli._common.tables import RowTable

_Part = Mapping[str, Any]


def show(found: Any) -> None:
    """Print a row for each figure, and what changed sides."""
    before, now = found["against"], found["this"]
    out.print()
    table = RowTable()
    table.add_column(gettext("figure"))
    table.add_column(gettext("model {version}", version=before["model_version"]), right=True)
    table.add_column(gettext("model {version}", version=now["model_version"]), right=True)
    table.add_row(gettext("threshold"), *(f"{one['threshold']:.6g}" for one in (before, now)))
    for title, read in _figures(before):
        table.add_row(title, read(before), read(now))
    table.print()
    for word, change in found["changed"].items():
        out.print(_sentence(word, change))


def _sentence(word: str, change: _Part) -> str:
    values = {
        "newly": change["newly_blocked"],
        "no_longer": change["no_longer_blocked"],
        "chance": change["chance"],
    }
    if word == "fraud":
        return gettext(
            "fraud: {newly:,} rows newly blocked, {no_longer:,} no longer (by chance: "
            "{chance:.2g})",
            **values,
        )
    return gettext(
        "legitimate: {newly:,} rows newly blocked, {no_longer:,} no longer (by chance: "
        "{chance:.2g})",
        **values,
    )


def _figures(one: _Part) -> list[tuple[str, Callable[[_Part], str]]]:
    return [
        (gettext("AUC"), lambda part: _number(part.get("auc"))),
        (gettext("calibration error"), lambda part: _number(part.get("calibration_error"))),
        (gettext("recall"), lambda part: _at(part["at_threshold"], "recall", "low", "high")),
        (gettext("false positives, %"), lambda part: _rate(part["at_threshold"])),
        (
            gettext("precision at {prevalence:.2%} fraud", prevalence=_prevalence()),
            lambda part: _at(part["at_threshold"], "precision", "precision_low", "precision_high"),
        ),
        *(
            (gettext("recall at {percent} %", percent=point["percent"]), _point(point["percent"]))
            for point in one["operating_points"]
        ),
    ]


def _point(percent: str) -> Callable[[_Part], str]:
    def read(part: _Part) -> str:
        points = {point["percent"]: point for point in part["operating_points"]}
        return _at(points.get(percent, {}), "recall", "low", "high")

    return read


def _prevalence() -> float:
    from classifiers.evaluation.operating_points import PREVALENCE

    return PREVALENCE


def _rate(at: _Part) -> str:
    names = ("false_positive_rate", "false_positive_low", "false_positive_high")
    return _at({name: 100 * at[name] for name in names if name in at}, *names)


def _at(part: _Part, name: str, low: str, high: str) -> str:
    if part.get(name) is None:
        return "–"
    return f"{part[name]:.4f} ({part[low]:.4f}–{part[high]:.4f})"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
