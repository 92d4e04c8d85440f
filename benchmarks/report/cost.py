"""The parts of the page on lists, memory, stages and single functions."""

import statistics

from benchmarks.report.figures import STAGES, Results, stage_of
from benchmarks.report.markdown import count, missing, plot, share, table

_MIB = 2**20


def lists(results: Results) -> list[str]:
    """Write what lists take: memory, import, start."""
    if "sweep-list-size" not in results:
        return missing("fanzha bench sweep --only list-size --save")
    rows = []
    for size in results["sweep-list-size"]["sizes"]:
        each, imports = size["bytes_per_entry"], {one["what"]: one for one in size["imports"]}
        rows.append(
            (
                f"{size['listed']:,}",
                *(
                    f"{imports[what]['seconds']:.1f} ({imports[what]['until_acting_seconds']:.1f})"
                    for what in ("numbers", "hosts")
                ),
                f"{each['number_in_files']:.1f} ({each['number_resident']:.1f})",
                f"{each['host_in_files']:.1f} ({each['host_resident']:.1f})",
                f"{statistics.median(size['start_seconds']):.2f}",
            )
        )
    head = (
        "numbers, and as many hosts", "import of numbers, s (until it acts)",
        "import of hosts, s (until it acts)", "bytes a number (resident)",
        "bytes a host (resident)", "start, s",
    )  # fmt: skip
    return [
        "Imports with `fanzha blocklist import`. Bytes are those of the mapped files, once for a "
        "machine however many workers it has, the 17 letters of each listed name among them; "
        "resident is the PSS of these files over all processes after traffic of which 3 % is "
        "listed. A start is from exec to SERVING from the local file with Redis away.",
        "",
        *table(head, rows),
    ]


def large_list(results: Results) -> list[str]:
    """Write what numbers alone take, up to a hundred million."""
    if "sweep-large-list" not in results:
        return missing("fanzha bench sweep --only large-list --save")
    sizes = results["sweep-large-list"]["sizes"]
    rows = [
        (
            f"{size['listed']:,}",
            f"given up after {size['stopped_after_seconds']:.0f} s", "", "",
            f"{size['peak_bytes'] / _MIB:,.0f}", "", "",
        )
        if "stopped_after_seconds" in size
        else (
            f"{size['listed']:,}", f"{size['import']['seconds']:.1f}",
            f"{size['lists']['file_bytes'] / size['listed']:.1f}",
            f"{size['around_lists']['administration_peak_bytes'] / _MIB:,.0f}",
            f"{size['peak_bytes'] / _MIB:,.0f}", count(size["rows_per_second"]),
            f"{statistics.median(size['start_seconds']):.2f}",
        )
        for size in sizes
    ]  # fmt: skip
    head = (
        "numbers", "import, s", "bytes each in the files", "administration at most, MiB",
        "all processes at most, MiB", "calls/s, 256 a request", "start, s",
    )  # fmt: skip
    return [
        "Numbers alone, with one worker. An import is given up before the machine runs out of "
        "memory.",
        "",
        *table(head, rows),
    ]


def footprint(results: Results) -> list[str]:
    """Write what the whole service holds, by role, and how long starts take."""
    if "footprint" not in results:
        return missing("fanzha bench footprint --save")
    result = results["footprint"]
    parts = (("pss_mib", "restarted"), ("pss_mib_after_the_import", "imported"))
    roles = list(
        dict.fromkeys(role for one in result["memory"] for which, _ in parts for role in one[which])
    )
    rows = [
        (
            f"{one['workers']} {'worker' if one['workers'] == 1 else 'workers'}, {when}",
            f"{sum(one[which].values()):,.0f}",
            *(f"{one[which].get(role, 0):,.0f}" for role in roles),
        )
        for one in result["memory"]
        for which, when in parts
    ]
    begun, helped = (
        ", ".join(
            f"{statistics.median(one[unit] for one in result[what]):.2f} {name}"
            for unit, name in (("seconds", "s"), ("cpu_seconds", "processor seconds"))
        )
        for what in ("start", "help")
    )
    return [
        f"PSS in MiB of `fanzha up` with {result['listed']:,} listed numbers, after traffic of "
        "each channel, by role: after a restart, and in the processes that imported the list. "
        "`forks` holds what the roles share and forks them.",
        "",
        *table(("", "all", *roles), rows),
        f"From exec to SERVING, from files with the store away: {begun}. `fanzha --help`: "
        f"{helped}. Medians of {len(result['start'])}.",
        "",
    ]


def propagation(results: Results) -> list[str]:
    """Write how fast changes spread."""
    if "sweep-propagation" not in results:
        return missing("fanzha bench sweep --only propagation --save")
    result = results["sweep-propagation"]
    times = result["to_every_worker_ms"]
    load = f"{count(result['rate_rows_per_second'])} calls a second"
    return [
        f"{result['changes']} changes at random moments, {result['workers']} workers under {load}; "
        "from the request to administration until a client sees the last worker act.",
        "",
        *table(
            ("", "p50", "p90", "p99", "longest"),
            [("ms to every worker", *(f"{value:,.0f}" for value in times.values()))],
        ),
        f"p99 of the calls: {result['p99_ms_without_changes']:.2f} ms without changes, "
        f"{result['p99_ms_with_changes']:.2f} ms with them ({result['p99_ratio']:.2f} times); "
        f"without a decision in time: {share(result['without_changes']['failed_share'])} and "
        f"{share(result['with_changes']['failed_share'])}.",
        "",
    ]


def stages(results: Results) -> list[str]:
    """Write where the time of a batch goes."""
    if "sweep-stages" not in results:
        return missing("fanzha bench sweep --only stages --save")
    rows = [
        (
            f"{point['channel']}s, {point['rows_a_request']:,} a request",
            count(point["rows_a_batch"]),
            *(f"{stage_of(point, stage):,.1f}" for stage in STAGES),
            f"{point['worker_microseconds']:,.1f}",
            f"{max(point['service_microseconds'] - point['worker_microseconds'], 0):,.1f}",
        )
        for point in results["sweep-stages"]["points"]
    ]
    head = ("µs a batch", "rows", *STAGES, "worker in all", "rest of the service")
    return [
        "Microseconds of a batch, from the server's own stage metrics under a closed loop. What "
        "comes together is decided together, so a batch may hold several requests. What a worker "
        "uses of its processor beyond the stages is gRPC, the event loop and hits; the rest of the "
        "service is its parent, list administration and Valkey.",
        "",
        *table(head, rows),
        *plot("stages", "Where the time goes"),
    ]


def functions(results: Results) -> list[str]:
    """Write what the hot functions take."""
    if "micro" not in results:
        return missing("fanzha bench micro --save")
    rows = [
        (
            f"`{one['name']}`",
            f"{one['least_microseconds']:,.1f}",
            f"{one['median_microseconds']:,.1f}",
        )
        for one in results["micro"]["functions"]
    ]
    return [
        "Microseconds of one call with 256 rows, or as many as the name says.",
        "",
        *table(("function", "least", "median"), rows),
    ]
