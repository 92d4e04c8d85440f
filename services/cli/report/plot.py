"""Draws the report on warnings; needs matplotlib, the extra `plots`.

In English and with codes of regions: the fonts that matplotlib brings have no Chinese.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from classifiers.evaluation import plots
from fanzha.v1 import warning_report_pb2 as pb
from services.cli._common.time_arguments import written
from services.cli.report import options as words

MOST_BARS = 30
_SHARES = {
    "event_in_time_share": "warned ≤{minutes} min of event",
    "intake_in_time_share": "warned ≤{minutes} min of intake",
    "reached_share": "reached",
    "finished_of_due_share": "finished of due",
    "accuracy": "accuracy",
}
_LEAST_HEIGHT, _BAR_HEIGHT = 3.5, 0.75


def draw(report: pb.WarningReport, by: str, path: Path) -> None:
    """Draw shares: over time by day, otherwise as bars, of the groups with the most cases."""
    if by == "day" and len(report.groups) > 1:
        plots.save(path, lambda axes: _over_time(axes, report))
        return
    groups = sorted(report.groups, key=lambda one: -one.figures.cases)[:MOST_BARS]
    named = [(words.group(one.name, by, "en"), one.figures) for one in groups]
    shown = [("all", report.all), *named]
    height = max(_LEAST_HEIGHT, _BAR_HEIGHT * len(shown) + 1.5)
    left_out = len(report.groups) - len(groups)
    plots.save(path, lambda axes: _bars(axes, report, shown, left_out), height=height)


def _over_time(axes: Any, report: pb.WarningReport) -> None:
    days = [group.name for group in report.groups]
    for name, label in zip(_SHARES, _labels(report), strict=True):
        shares = [_share(group.figures, name) for group in report.groups]
        axes.plot(days, shares, marker=".", label=label)
    # A year of dates side by side could not be read.
    axes.set_xticks(days[:: max(1, len(days) // 8)])
    axes.tick_params(axis="x", rotation=45)
    axes.set(ylabel="share, %", title=_title(report, ""), ylim=(0, 105))
    axes.legend(fontsize="x-small")


def _bars(
    axes: Any,
    report: pb.WarningReport,
    shown: Sequence[tuple[str, pb.WarningFigures]],
    left_out: int,
) -> None:
    thick = 0.8 / len(_SHARES)
    for place, (name, label) in enumerate(zip(_SHARES, _labels(report), strict=True)):
        at = [row + (place - (len(_SHARES) - 1) / 2) * thick for row in range(len(shown))]
        axes.barh(at, [_share(one, name) for _, one in shown], thick * 0.9, label=label)
    names = [f"{name}\n{figures.cases:,} cases" for name, figures in shown]
    axes.set_yticks(range(len(shown)), names, fontsize="x-small")
    axes.invert_yaxis()
    note = f"; {left_out} smaller groups are left out" if left_out else ""
    axes.set(xlabel="share, %", title=_title(report, note), xlim=(0, 105))
    # Below the axes, where no bar can be behind it.
    axes.figure.legend(loc="outside lower center", fontsize="x-small", ncols=2)


def _labels(report: pb.WarningReport) -> list[str]:
    return [label.format(minutes=report.minutes) for label in _SHARES.values()]


def _share(figures: pb.WarningFigures, name: str) -> float:
    """Return a share in percent; not a number where there is nothing to count: no bar, a gap."""
    return 100 * getattr(figures, name) if figures.HasField(name) else float("nan")  # type: ignore[arg-type]


def _title(report: pb.WarningReport, note: str) -> str:
    first = written(report.since_ms)[:10] if report.since_ms else "the first case"
    return f"Warnings, {first} to {written(report.until_ms)[:10]}{note}"
