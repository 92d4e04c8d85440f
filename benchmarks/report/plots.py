"""Draws results: SVG, the same bytes for the same results and the same matplotlib."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.report.faults import plot_name
from benchmarks.report.figures import STAGES, stage_of
from classifiers.evaluation.plots import Paint, save

Result = Mapping[str, Any]
_LINE = 0.15
"""Inches for each line of the plot of peers."""
_PLURAL = {"call": "calls", "text": "texts", "link": "links"}


def draw_all(results: Mapping[str, Result], folder: Path) -> list[str]:
    """Draw the plots that have results, and take away the others; return their names."""
    drawn = _faults(results.get("faults", {"faults": ()}), folder)
    for name, (kind, paint) in PLOTS.items():
        if kind not in results:
            (folder / f"{name}.svg").unlink(missing_ok=True)
        else:
            rows = len(results[kind]["rows"]) if name == "peers" else 0
            save(folder / f"{name}.svg", paint(results[kind]), height=4 + rows * _LINE)
            drawn.append(name)
    return drawn


def _faults(result: Result, folder: Path) -> list[str]:
    """Draw a plot for each fault."""
    names = [plot_name(fault["name"]) for fault in result["faults"]]
    for file in folder.glob("fault-*.svg"):
        if file.stem not in names:
            file.unlink()
    for name, fault in zip(names, result["faults"], strict=True):
        save(folder / f"{name}.svg", around_fault(fault), height=2.5)
    return names


def around_fault(fault: Result) -> Paint:
    """Draw what was decided and p99 over the seconds from a fault."""

    def paint(axes: Any) -> None:
        seconds = [point["at"] for point in fault["points"]]
        axes.plot(seconds, [point["rows_per_second"] for point in fault["points"]], label="decided")
        axes.set(xlabel="seconds from the fault", ylabel="decided a second", title=fault["name"])
        axes.set(ylim=(0, None))
        axes.axvspan(0, fault["over_after_seconds"], alpha=0.15, color="grey")
        waits = axes.twinx()
        waits.plot(seconds, [point["p99_ms"] for point in fault["points"]], color="C1", label="p99")
        waits.set(ylabel="p99, ms", yscale="log")
        axes.figure.legend(
            *_both(axes, waits), loc="outside lower right", ncols=2, fontsize="small"
        )

    return paint


def _both(axes: Any, other: Any) -> tuple[list[Any], list[str]]:
    handles = [*axes.get_legend_handles_labels()[0], *other.get_legend_handles_labels()[0]]
    return handles, [handle.get_label() for handle in handles]


def _curves(
    result: Result, *, over: str, figure: str, label: str, title: str, unit: str, linear: bool
) -> Paint:
    def paint(axes: Any) -> None:
        points = result["points"]
        for channel in dict.fromkeys(point["channel"] for point in points):
            mine = [point for point in points if point["channel"] == channel]
            axes.plot(
                [point[over] for point in mine],
                [point[figure] for point in mine],
                marker="o",
                label=_PLURAL[channel],
            )
        axes.set(xlabel=label, ylabel=unit, title=title, xscale="log")
        swept = sorted({point[over] for point in points})
        axes.set_xticks(swept, [f"{value:,}" for value in swept])
        axes.minorticks_off()
        if linear:
            axes.set(ylim=(0, None))
        else:
            axes.set(yscale="log")
        axes.grid(visible=True, alpha=0.3)
        axes.legend()

    return paint


def batch_rates(result: Result) -> Paint:
    """Draw throughput over batch size."""
    return _curves(
        result, over="batch", figure="rows_per_second", label="rows a request",
        title="Throughput over batch size", unit="decisions a second", linear=False,
    )  # fmt: skip


def batch_latencies(result: Result) -> Paint:
    """Draw p99 over batch size."""
    return _curves(
        result, over="batch", figure="p99_ms_at_half", label="rows a request",
        title="p99 over batch size, at half of the capacity", unit="milliseconds", linear=False,
    )  # fmt: skip


def list_rates(result: Result) -> Paint:
    """Draw throughput over list size."""
    return _curves(
        result, over="listed", figure="rows_per_second", label="listed numbers, and hosts",
        title="Throughput over list size, 256 rows a request", unit="decisions a second",
        linear=True,
    )  # fmt: skip


def length_rates(result: Result) -> Paint:
    """Draw throughput over the length of texts."""
    return _curves(
        result, over="characters", figure="rows_per_second", label="characters",
        title="Throughput over length of texts, 256 a request", unit="decisions a second",
        linear=False,
    )  # fmt: skip


def overload(result: Result) -> Paint:
    """Draw goodput over offered load, both relative to the capacity."""

    def paint(axes: Any) -> None:
        capacity = result["capacity_rows_per_second"]
        factors = [point["factor"] for point in result["points"]]
        goodput = [point["goodput_rows_per_second"] / capacity for point in result["points"]]
        axes.plot([0, 1, max(factors)], [0, 1, 1], color="grey", linewidth=1, label="ideal")
        axes.plot(factors, goodput, marker="o", label="decided in time")
        axes.plot(
            factors,
            [point["shed_share"] * point["factor"] for point in result["points"]],
            marker="x",
            label="refused at once",
        )
        axes.set(xlabel="offered, by capacity", ylabel="by capacity", title="Overload")
        axes.set(xlim=(0, None), ylim=(0, None))
        axes.grid(visible=True, alpha=0.3)
        axes.legend()

    return paint


def stages(result: Result) -> Paint:
    """Draw where the time of a row goes, in batches."""

    def paint(axes: Any) -> None:
        points = [point for point in result["points"] if point["rows_a_request"] > 1]
        names = [_PLURAL[point["channel"]] for point in points]
        left = [0.0] * len(points)
        for stage in STAGES:
            widths = [stage_of(point, stage) / point["rows_a_batch"] for point in points]
            if any(widths):
                axes.barh(names, widths, left=left, label=stage)
            left = [one + other for one, other in zip(left, widths, strict=True)]
        axes.invert_yaxis()
        rows = points[0]["rows_a_request"] if points else 0
        axes.set(xlabel="µs a row", title=f"Where the time goes, {rows} rows a request")
        axes.legend(fontsize="small")

    return paint


def peers(result: Result) -> Paint:
    """Draw our ratio to each peer, on a logarithmic axis."""

    def paint(axes: Any) -> None:
        rows = [row for row in result["rows"] if row["ratio"]]
        places, ratios = range(len(rows)), [row["ratio"] for row in rows]
        axes.hlines(places, 1, ratios, linewidth=5)
        axes.plot(ratios, places, "o")
        axes.set_yticks(places, [f"{row['peer']}: {row['ours']}" for row in rows])
        axes.tick_params(axis="y", labelsize="xx-small")
        axes.axvline(1, color="grey", linewidth=1)
        axes.invert_yaxis()
        axes.set(xscale="log", xlabel="times theirs", title="Ours by theirs")

    return paint


PLOTS: dict[str, tuple[str, Callable[[Result], Paint]]] = {
    "batch-size": ("sweep-batch-size", batch_rates),
    "batch-size-p99": ("sweep-batch-size", batch_latencies),
    "list-size": ("sweep-list-size", list_rates),
    "text-length": ("sweep-text-length", length_rates),
    "overload": ("overload", overload),
    "stages": ("sweep-stages", stages),
    "peers": ("peers", peers),
}
"""Kind of result and painter of each plot."""
