"""The page and the plot of the last soak that was saved."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.soak.sampling import Sample
from classifiers.evaluation.plots import save

_REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"
PAGE = _REFERENCE / "soak.md"
PLOT = _REFERENCE / "plots" / "soak.svg"
_FLAT_SHARE = 0.01
"""Growth of less than a hundredth of the level an hour is told as flat."""


def write(report: Mapping[str, Any], samples: Sequence[Sample]) -> None:
    """Write page and plot."""
    PAGE.write_text(text(report, machine.describe()))
    save(PLOT, lambda axes: _paint(axes, samples), height=3.5)


def text(report: Mapping[str, Any], where: Mapping[str, Any]) -> str:
    """Return the page."""
    churn = ", ".join(f"{count:,} {name}" for name, count in report["churn"].items())
    rows = "\n".join(_row(name, slope) for name, slope in report["slopes"].items())
    return f"""# Soak

<!-- Written by `fanzha bench soak --save`. -->

Whether anything grows while the service works for long. Two workers, administration, the warning
pipeline, the console and the embedded store; {report["rate"]:,g} rows a second in requests of
{report["rows"]} (calls, texts, links), {report["listed"]:,} numbers listed. Meanwhile: {churn}.

Measured for {report["minutes"]:g} minutes, a look every ten seconds, commit {where["commit"]},
{where["cpu"]}, {where["cores"]} cores, load average {where["load_average_before"][0]:.1f} before,
{where["load_average"][0]:.1f} at the end. Requests answered: {report["answered"]:,};
without an answer in time: {report["failed"]:,}.

![memory, open files and p99 over the minutes](plots/soak.svg)

The slope is that of Theil and Sen over the last three quarters, with its 95 % interval; points that
follow each other are alike, so true intervals are wider. *Flat*: the interval holds zero, or
growth is below a hundredth of the level an hour.

| figure | level | growth an hour | 95 % | |
| --- | ---: | ---: | ---: | --- |
{rows}

What grows on disk by design: the decision log, until `decision_log_days` or its bound of bytes, the
append-only file of the store until it is rewritten, and the audit log, for ever.

An hour: `fanzha bench soak --minutes 60 --save`.
"""


def _row(name: str, slope: Mapping[str, float]) -> str:
    flat = slope["low"] <= 0 or slope["per_hour"] < _FLAT_SHARE * slope["level"]
    interval = f"{slope['low']:,.2f} to {slope['high']:,.2f}"
    told = "flat" if flat else "grows"
    return f"| {name} | {slope['level']:,.1f} | {slope['per_hour']:,.2f} | {interval} | {told} |"


def _paint(axes: Any, samples: Sequence[Sample]) -> None:
    minutes = [one.at / 60 for one in samples]
    for role in samples[-1].pss_mib:
        axes.plot(minutes, [one.pss_mib.get(role, 0.0) for one in samples], label=role)
    axes.set(xlabel="minutes", ylabel="PSS, MiB", title="soak", ylim=(0, None))
    waits = axes.twinx()
    waits.plot(minutes, [one.p99_ms for one in samples], color="grey", alpha=0.5, label="p99, ms")
    waits.set(ylabel="p99, ms", yscale="log")
    handles = [*axes.get_legend_handles_labels()[0], *waits.get_legend_handles_labels()[0]]
    axes.figure.legend(
        handles,
        [one.get_label() for one in handles],
        loc="outside lower center",
        ncols=4,
        fontsize="small",
    )
