"""The parts of the page on throughput, targets and overload."""

from collections.abc import Sequence

from benchmarks.report import figures
from benchmarks.report.figures import Results
from benchmarks.report.latest_results import Result
from benchmarks.report.markdown import count, missing, plot, share, table, words
from benchmarks.report.targets import PER_SECOND

BATCHES = (1, 16, 256, 1024)
CHANNELS = ("call", "text", "link")
_BUSY = 0.9
"""Use of its cores from which a closed loop measures the server."""


def targets(results: Results) -> list[str]:
    """Write the targets beside what was measured."""
    rates = figures.rates(results)
    cells = [
        (f"{channel}s", *(_cell(rates, channel, batch) for batch in BATCHES))
        for channel in CHANNELS
    ]
    others = [
        (
            f"{target.name} ({about})" if about else target.name,
            target.words(),
            f"{count(measured)} {target.unit}".strip(),
            target.verdict(measured),
        )
        for target, about, measured in figures.all_figures(results)
    ]
    generator = "h2load" if "h2load" in results else "our own generator"
    same = (
        [
            "",
            f"h2load repeats prepared bodies, {results['h2load'].get('bodies', 1)} in all, without "
            "a deadline, so caches of callers and hosts are warm. Of the calls some 3 % are "
            "listed, of the texts a third have a link. Our own generator, in the sweeps, sends "
            "16,384 different rows, with a deadline.",
        ]
        if "h2load" in results
        else []
    )  # fmt: skip
    return [
        f"Decisions a second, one worker, {generator} in a closed loop; below each its target. "
        "Batch 1 is a unary call.",
        *same,
        "",
        *table(["channel", *(f"batch {batch:,}" for batch in BATCHES)], cells),
        *(words(["figure", "target", "measured", ""], others) if others else []),
    ]


def missed(results: Results) -> list[str]:
    """Name the targets that were missed."""
    rates = figures.rates(results)
    found = [
        f"{channel}s in batches of {batch:,}: {count(rates[channel, batch])} a second, "
        f"target {goal:,}"
        for (channel, batch), goal in PER_SECOND.items()
        if rates.get((channel, batch), goal) < goal
    ] + [
        f"{target.name} ({about}): {count(measured)}, target {target.words()}"
        for target, about, measured in figures.all_figures(results)
        if not target.reached(measured)
    ]
    return [*(f"* {line}" for line in found), ""] if found else ["None.", ""]


def sweeps(results: Results) -> list[str]:
    """Write the sweeps."""
    lines: list[str] = []
    for kind, heading, key, name in (
        ("sweep-batch-size", "Batch size", "batch", "rows a request"),
        ("sweep-list-size", "List size", "listed", "listed numbers, and hosts"),
        ("sweep-text-length", "Length of texts", "characters", "characters"),
        ("sweep-worker-count", "Workers", "workers", "workers"),
    ):
        lines += [f"### {heading}", ""]
        if kind in results:
            lines += _sweep(results[kind], key, name)
            lines += plot(kind.removeprefix("sweep-"), heading) if key != "workers" else []
            lines += plot("batch-size-p99", "p99 over batch size") if key == "batch" else []
        else:
            lines += missing(f"fanzha bench sweep --only {kind.removeprefix('sweep-')} --save")
    return lines


def overload(results: Results) -> list[str]:
    """Write the behaviour of a server above its capacity."""
    if "overload" not in results:
        return missing("fanzha bench overload --save")
    result = results["overload"]
    rows = [
        (
            f"{point['factor']:g} ×",
            count(point["offered_rows_per_second"]),
            count(point["goodput_rows_per_second"]),
            share(point["shed_share"]),
            share(max(point["failed_share"] - point["shed_share"], 0.0)),
            f"{point['p50_ms']:.1f}",
            f"{point['p99_ms']:.1f}",
            f"{point['server_cores']:.2f}",
            f"{point['generator_cores']:.2f}",
        )
        for point in result["points"]
    ]
    head = (
        "offered", "rows/s", "decided in time/s", "refused at once", "late or not sent", "p50 ms",
        "p99 ms", "server, cores", "generator, cores",
    )  # fmt: skip
    way = "fanzha.client" if result.get("through") == "client" else "prepared requests"
    return [
        f"{result['rows']} rows a request, {way}, {result['listed']:,} listed numbers, a deadline "
        f"of {result['timeout_ms']:g} ms; p50 and p99 are of what was decided. The capacity "
        f"of the closed loop before was {count(result['capacity_rows_per_second'])} rows a second. "
        f"At three times it {share(result['kept_share'])} of the peak was still decided in time.",
        "",
        *table(head, rows),
        *plot("overload", "Overload"),
    ]


def half_load(results: Results) -> list[str]:
    """Write how long requests take in a worker at half its capacity."""
    if "half-load" not in results:
        return missing("fanzha bench half-load --save")
    result = results["half-load"]
    rows = [
        (
            f"{point['channel']}s", count(point["capacity_rows_per_second"]),
            count(point["offered_rows_per_second"]), f"{point['requests']:,}",
            f"{point['server_p50_ms']:.2f}", f"{point['server_p99_ms']:.2f}",
            share(point["share_within_aim"]), f"{point['client_p99_ms']:.1f}",
            share(point["failed_share"]), f"{point['server_cores']:.2f}",
        )
        for point in result["points"]
    ]  # fmt: skip
    head = (
        "channel", "capacity, rows/s", "offered, rows/s", "requests", "p50 in the server, ms",
        "p99 in the server, ms", "within 2 ms", "p99 from outside, ms", "failed", "server, cores",
    )  # fmt: skip
    return [
        f"{result['rows']} rows a request, {result['listed']:,} listed numbers, requests at random "
        "times. In the server: `fanzha_request_seconds`, from when a request was read to its "
        "answer; quantiles are interpolated in its buckets, the share within 2 ms is exact. From "
        "outside the generator's own delays, of a millisecond and more, are in it.",
        "",
        *table(head, rows),
    ]


def fairness(results: Results) -> list[str]:
    """Write what a modest login gets beside a greedy one."""
    if "fairness" not in results:
        return missing("fanzha bench fairness --save")
    result = results["fairness"]
    rows = [
        (
            f"{point['rows']:,}", way["way"], count(way["offered_rows_per_second"]),
            share(way["modest"]["decided_share"]), f"{way['modest']['p50_ms']:.1f}",
            f"{way['modest']['p99_ms']:.1f}", f"{way['modest']['generator_lag_p99_ms']:.1f}",
            count(way["greedy"]["decided_rows_per_second"]) if way["greedy"] else "–",
            f"{way['server_cores']:.2f}",
        )
        for point in result["points"]
        for way in point["ways"]
    ]  # fmt: skip
    head = (
        "rows a request", "the modest login", "offered, rows/s", "decided in time", "p50 ms",
        "p99 ms", "p99 of the generator's lateness, ms", "the other decided, rows/s",
        "server, cores",
    )  # fmt: skip
    return [
        "Two logins with tokens of their own. The modest one offers "
        f"{share(result['modest_share'])} of the capacity, the other "
        f"{result['greedy_times']:g} times the capacity; a deadline of "
        f"{result['timeout_ms']} ms. The last way sends the same under one name, as if nobody were "
        "authenticated. Both generators share a core.",
        "",
        *table(head, rows),
    ]


def client(results: Results) -> list[str]:
    """Write the figures of one client process."""
    if "client" not in results:
        return missing("fanzha bench client > benchmarks/results/DATE-client.json")
    rows = [
        (
            count(run["per_second"]), f"{run['p50_ms']:.2f}", f"{run['p99_ms']:.2f}",
            f"{run['p999_ms']:.2f}", count(run["rows_per_request"]), f"{run['failed']:,}",
            f"{run['cpu_cores']:.2f}",
        )
        for run in results["client"]["runs"]
    ]  # fmt: skip
    head = (
        "decisions/s", "p50 ms", "p99 ms", "p99.9 ms", "rows a request", "failed open",
        "client, cores",
    )  # fmt: skip
    options = results["client"]["options"]
    return [
        f"Single calls through `fanzha.client`, {count(options['rate'])} offered a second whatever "
        f"the server does, {results['client']['listed']:,} listed numbers; a latency counts from "
        "when its call was due. A line a run; what is held against targets are the medians.",
        "",
        *table(head, rows),
    ]


def _cell(rates: dict[tuple[str, int], float], channel: str, batch: int) -> str:
    goal = PER_SECOND.get((channel, batch), 0)
    aim = f"<br>≥ {goal:,}" if goal else ""
    if (channel, batch) not in rates:
        return f"not measured{aim}"
    rate = rates[channel, batch]
    shown = count(rate) if rate >= goal else f"**{count(rate)}**"
    return f"{shown}{aim}"


def _sweep(result: Result, key: str, name: str) -> Sequence[str]:
    by_batch, by_workers = key == "batch", key == "workers"
    rows = [
        (
            f"{point['channel']}s",
            f"{point[key]:,}",
            *(() if by_batch else (f"{point['batch']:,}",)),
            count(point["rows_per_second"]),
            f"{point['p99_ms_at_half']:.2f}",
            f"{point['server_cores']:.2f}",
            f"{point['generator_cores']:.2f}",
            *((count(point["rows_per_server_core"] or 0.0),) if by_workers else ()),
        )
        for point in result["points"]
    ]
    head = (
        "channel", name, *(() if by_batch else ("batch",)), "decisions/s", "p99 ms at half",
        "server, cores", "generator, cores",
        *(("decisions for a second of the server's cores",) if by_workers else ()),
    )  # fmt: skip
    return [*table(head, rows), *_undecided(result, key), *_latency_lines(result, key)]


def _latency_lines(result: Result, key: str) -> list[str]:
    """Name points where the server was not saturated: too few requests in flight."""
    named = [
        f"{point['channel']}s at {point[key]:,}"
        for point in result["points"]
        if point["server_cores"] < _BUSY * point.get("workers", 1)
    ]
    if not named:
        return []
    return [
        f"The closed loop was the limit, not the server, which used less than {_BUSY:.0%} of its "
        f"cores: {', '.join(named)}. Its capacity is higher there, and p99 is at less than half.",
        "",
    ]


def _undecided(result: Result, key: str) -> list[str]:
    """Name points where requests got no decision, which p99 excludes."""
    named = [
        f"{point['channel']}s at {point[key]:,}: {point['failed_share']:.2%}"
        for point in result["points"]
        if point.get("failed_share")
    ]
    return [f"Without a decision, and in no p99: {', '.join(named)}.", ""] if named else []
