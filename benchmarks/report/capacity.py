"""Writes docs/reference/capacity.md: what a carrier needs, by figures and stated assumptions."""

import math
from collections.abc import Mapping
from typing import Any

from benchmarks.report import day, figures
from benchmarks.report.demand import HABITS, PLACES, USED
from benchmarks.report.figures import Results
from benchmarks.report.markdown import count, share, table, words

BATCHES = (1, 16, 256)
CORES_OF_A_HOST = 16

_HEAD = """# Capacity

What one core, one host, a province and a country need. Made by `fanzha bench report`: rates are
those of [benchmarks](benchmarks.md); habits of subscribers are assumptions, to be replaced by
figures of your own network in `benchmarks/report/demand.py`.
"""

_SCALES = """* **Workers** share one port and nothing else while they decide. The kernel spreads
  connections, not requests: a gateway should open several, as the client does.
* **Hosts** are alike. Each follows the lists in Redis, keeps them in a file, and goes on without
  Redis. Add hosts for throughput, and one more than needed for each site.
* **Redis Cluster** takes more hits and decision records: they are spread over hash tags. No
  decision waits for it.
* **Batches** multiply what a core decides: see the three columns above.
"""

_DOES_NOT = """* **A list change** is one script on one key, and one process of each host applies
  it. Waiting changes are applied together.
* **An import** is read by one core of list administration.
* **Caller activity** lives in the worker that decided the calls. Call ends are fanned out to all
  workers of a host, call attempts are not, and hosts share nothing: with N workers a caller whose
  calls come through many gateways is seen in N parts. Route one caller's calls to one worker where
  you can.
* **Memory** of the lists is needed once for each host, that of activity once for each worker.
* **A single decision** gets no faster with more cores.
"""


def write(results: Results) -> str:
    """Return the page."""
    rates = figures.rates(results)
    lines = [
        _HEAD,
        "## One core and one host",
        "",
        *_one_core(rates),
        *_beside(results),
        *_gains(results),
        "## A day of four billion decisions",
        "",
        *day.section(results),
        "## Busy hour",
        "",
        *_assumptions(),
        *_places(rates),
        *_memory(results),
        "## What scales out",
        "",
        _SCALES,
        "## What does not",
        "",
        _DOES_NOT,
    ]
    return "\n".join(lines).rstrip("\n") + "\n"


def cores(per_second: float, rate: float) -> int:
    """Return the cores that *per_second* decisions need, with the reserve that is planned for."""
    return math.ceil(per_second / (rate * USED))


def _one_core(rates: Mapping[tuple[str, int], float]) -> list[str]:
    rows = [
        (f"{habit.channel}s", *(_rate(rates, habit.channel, batch) for batch in BATCHES))
        for habit in HABITS
    ]
    return [
        "Decisions a second of one worker, on a core of its own:",
        "",
        *table(("channel", *(f"batch {batch}" for batch in BATCHES)), rows),
    ]


def _beside(results: Results) -> list[str]:
    """Say what one worker at its most costs besides its core."""
    points = results.get("sweep-batch-size", {}).get("points", [])
    used = max((p["server_cores"] for p in points if p["batch"] in BATCHES), default=0.0)
    if used <= 1:
        return []
    return [
        f"Its parent, list administration and the store take up to {used - 1:.2f} of another core "
        "meanwhile; the tables below count the cores of workers.",
        "",
    ]


def _gains(results: Results) -> list[str]:
    if "sweep-worker-count" not in results:
        return []
    gains = figures.worker_gains(results["sweep-worker-count"])
    gains_text = ", ".join(f"{channel}s {count(gain)}" for channel, gain in gains.items())
    return [
        f"Two workers by one, each with the same processor time: {gains_text} times. A host of "
        f"{CORES_OF_A_HOST} cores was not measured: what follows counts cores, each with what one "
        "worker does.",
        "",
    ]


def _assumptions() -> list[str]:
    rows = [
        (
            habit.what, f"{habit.a_day:g}", share(habit.busy_hour), f"{habit.peak:g}",
            share(habit.reaching), habit.why,
        )
        for habit in HABITS
    ]  # fmt: skip
    head = (
        "of one subscriber", "a day", "in the busy hour", "peak by its mean", "sent to us", "why",
    )  # fmt: skip
    formula = "subscribers × a day × share in the busy hour × peak × share sent to us ÷ 3,600 s"
    return [f"Decisions a second = {formula}.", "", *words(head, rows)]


def _places(rates: Mapping[tuple[str, int], float]) -> list[str]:
    lines = []
    for name, subscribers in PLACES.items():
        lines += [f"### {name[0].upper()}{name[1:]}: {subscribers:,} subscribers", ""]
        rows, sums = [], dict.fromkeys(BATCHES, 0)
        for habit in HABITS:
            target = habit.per_second(subscribers)
            needed = {
                batch: cores(target, rates[habit.channel, batch])
                for batch in BATCHES
                if rates.get((habit.channel, batch))
            }
            for batch, number in needed.items():
                sums[batch] += number
            rows.append((habit.what, count(target), *_cells(needed)))
        complete = all((h.channel, b) in rates for h in HABITS for b in BATCHES)
        if complete:
            rows.append(("**all**", "", *_cells(sums)))
            rows.append((f"hosts of {CORES_OF_A_HOST} cores", "", *_cells(
                {batch: math.ceil(number / CORES_OF_A_HOST) for batch, number in sums.items()}
            )))  # fmt: skip
        head = ("", "a second", *(f"cores, batch {batch}" for batch in BATCHES))
        lines += table(head, rows)
    half = share(1 - USED)
    return [
        *lines,
        f"Half of each core is kept free ({half}), so that the loss of every second host is no "
        "outage. Add the hosts that each site needs to stand alone.",
        "",
    ]


def _memory(results: Results) -> list[str]:
    if "sweep-list-size" not in results:
        return []
    largest = max(results["sweep-list-size"]["sizes"], key=lambda size: size["listed"])
    each, listed = largest["bytes_per_entry"], largest["listed"]
    total = (each["number_in_files"] + each["host_in_files"]) * listed / 2**20
    return [
        f"Lists of {listed:,} numbers and as many hosts take {total:,.0f} MiB on each host, and as "
        "much again while a new version is written. They do not grow with the number of workers or "
        f"of subscribers. {_around(largest)}",
        "",
    ]


def _around(size: Mapping[str, Any]) -> str:
    if "around_lists" not in size:
        return "What the store and list administration take for them was not measured."
    around = size["around_lists"]
    return (
        f"The store holds them in {around['store_bytes'] / 2**20:,.0f} MiB; list administration "
        f"took {around['administration_peak_bytes'] / 2**20:,.0f} MiB at most, imports among it."
    )


def _rate(rates: Mapping[tuple[str, int], float], channel: str, batch: int) -> str:
    return count(rates[channel, batch]) if (channel, batch) in rates else "not measured"


def _cells(needed: Mapping[int, int]) -> list[str]:
    return [f"{needed[batch]:,}" if batch in needed else "not measured" for batch in BATCHES]
