"""The page and the plot of the last soak that was saved."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import machine, results
from benchmarks.report import latest_results
from benchmarks.soak import load_page
from benchmarks.soak.figures import KINDS, is_flat, memory_of_role
from benchmarks.soak.sampling import Sample
from classifiers.evaluation.plots import save

_REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"
PAGE = _REFERENCE / "soak.md"
PLOT = _REFERENCE / "plots" / "soak.svg"
REMARKS = Path(__file__).with_name("remarks.md")
_KINDS = {kind: name for kind, name in KINDS.items() if kind != "pss"}
_BOUNDS = {
    "fanzha:decisions:": "expires after `decision_days`",
    "{fanzha:graph}": "200,000 entities of 64 neighbours, which expire",
    "fanzha:hits:": "`hit_stream_rows` rows",
    "{fanzha:calls}:told": "1,000 entries",
    "{fanzha:changes}:request:": "kept; its rows go after `change_retention_days`",
    "{fanzha:lists}:changes": "10,000 changes, then they are in the base",
}
"""Where growth of keys ends, by how their names begin."""
_LEAST_MIB = 0.05
"""Kinds of keys that grew by less are not on the page."""


def write(report: Mapping[str, Any], samples: Sequence[Sample]) -> None:
    """Write page and plot."""
    PAGE.write_text(text(report, machine.describe(), REMARKS.read_text()))
    save(PLOT, lambda axes: _paint(axes, samples), height=3.5)


def write_again() -> None:
    """Write the page of the newest result that was kept; the plot stays."""
    kept = latest_results.newest(results.FOLDER)["soak"]
    PAGE.write_text(text(kept, kept, REMARKS.read_text()))


def text(report: Mapping[str, Any], where: Mapping[str, Any], remarks: str) -> str:
    """Return the page, with what somebody found out about its figures."""
    tables = _memory(report), _store(report), _rest(report)
    return "\n".join((_introduction(report, where), load_page.text(report), remarks, *tables))


def _introduction(report: Mapping[str, Any], where: Mapping[str, Any]) -> str:
    churn = ", ".join(f"{count:,} {name}" for name, count in report["churn"].items())
    before, after = where["load_average_before"][0], where["load_average"][0]
    return f"""# Soak

<!-- Written by `fanzha bench soak --save`. -->

Whether anything grows while the service works for long. {report["workers"]} workers,
administration, the warning pipeline, the console and the embedded store; {report["rate"]:,.0f} rows
a second in requests of {report["rows"]} (calls, texts, links), {report["listed"]:,} numbers listed.
Meanwhile: {churn}.

Measured for {report["minutes"]:g} minutes, a look every ten seconds, commit {where["commit"]},
{where["cpu"]}, {where["cores"]} cores, load average {before:.1f} before, {after:.1f} at the end.
Requests answered: {report["answered"]:,}; without an answer in time: {load_page.failures(report)}.

![memory, open files and p99 over the minutes](plots/soak.svg)

The slope is that of Theil and Sen over the last three quarters, with its 95 % interval; points that
follow each other are alike, so true intervals are wider. *Flat*: the interval holds zero, or
growth is below a hundredth of the level, or a quarter of a unit, an hour.
"""


def _memory(report: Mapping[str, Any]) -> str:
    rows = "\n".join(_memory_row(role, found) for role, found in report["memory"].items())
    return f"""## Memory

In MiB, and MiB an hour. *Asked for* is private memory that a process may write, *touched* the pages
of it that exist, *own share* those pages, each divided by the processes that a fork has given it
to; *files* are pages of code, lists and models, of which a process's share changes with whoever
else on the machine has the same library mapped. Tables of a fixed size are touched until they are
full; a page that a fork shares becomes two when it is written to. So without end grows only what is
asked for and touched. The oldest worker lives from start to end; the others are killed.

| process | PSS | an hour | 95 % | in the second half | {" | ".join(_KINDS.values())} | |
| --- | ---: | ---: | ---: | ---: | {" | ".join("---:" for _ in _KINDS)} | --- |
{rows}
"""


def _store(report: Mapping[str, Any]) -> str:
    rows = "\n".join(_keys_rows(report["store"]))
    return f"""## The store

Its keys by kind, when it was warm and at the end; kinds that grew by less than {_LEAST_MIB} MiB are
left out. *Expiring*: how many of the keys go by themselves.

| keys | number | MiB | expiring | bound |
| --- | ---: | ---: | ---: | --- |
{rows}
"""


def _rest(report: Mapping[str, Any]) -> str:
    rows = "\n".join(_row(name, growth) for name, growth in report["others"].items())
    return f"""## The rest

| figure | level | growth an hour | 95 % | |
| --- | ---: | ---: | ---: | --- |
{rows}

What grows on disk by design: the decision log, until `decision_log_days` or its bound of bytes, the
append-only file of the store until it is rewritten, and the audit log, for ever.

The command: `fanzha bench soak --minutes {report["minutes"]:g} --listed {report["listed"]} --save`.
"""


def _memory_row(role: str, found: Mapping[str, Any]) -> str:
    pss = found["pss"]
    kinds = " | ".join(f"{found[kind]['per_hour']:+,.1f}" for kind in _KINDS)
    return (
        f"| {role} | {pss['level']:,.1f} | {pss['per_hour']:+,.1f} | {_interval(pss)} "
        f"| {pss['late_per_hour']:+,.1f} | {kinds} | {found['verdict']} |"
    )


def _row(name: str, growth: Mapping[str, float]) -> str:
    return (
        f"| {name} | {growth['level']:,.1f} | {growth['per_hour']:+,.2f} | {_interval(growth)} "
        f"| {'flat' if is_flat(growth) else 'grows'} |"
    )


def _interval(growth: Mapping[str, float]) -> str:
    return f"{growth['low']:,.1f} to {growth['high']:,.1f}"


def _keys_rows(store: Mapping[str, Sequence[Mapping[str, float]]]) -> Iterator[str]:
    grown = sorted(store.items(), key=lambda one: one[1][0]["mib"] - one[1][1]["mib"])
    for name, (warm, last) in grown:
        if last["mib"] - warm["mib"] >= _LEAST_MIB:
            yield (
                f"| `{name}` | {warm['keys']:,} → {last['keys']:,} "
                f"| {warm['mib']:,.2f} → {last['mib']:,.2f} | {last['expiring']:,} "
                f"| {_bound(name)} |"
            )


def _bound(name: str) -> str:
    return next(
        (words for begins, words in _BOUNDS.items() if name.startswith(begins)), "none known"
    )


def _paint(axes: Any, samples: Sequence[Sample]) -> None:
    minutes = [one.at / 60 for one in samples]
    for role in samples[-1].memory:
        found = [memory_of_role(one, role).pss for one in samples]
        axes.plot(minutes, found, label=role)
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
