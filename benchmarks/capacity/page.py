"""Writes a sizing as text, with its assumptions, and how far it agrees with what was measured."""

from collections.abc import Iterator, Mapping

from benchmarks.capacity.assumptions import CHANNELS, Province
from benchmarks.capacity.sizing import HostCount, Sizing
from benchmarks.capacity.unit_costs import UnitCosts
from benchmarks.report.figures import Results, rates
from benchmarks.report.markdown import count, share, table, words


def write(province: Province, sizing: Sizing, costs: UnitCosts, results: Results) -> list[str]:
    """Return the lines."""
    rows, measured = province.rows_a_request, results["h2load"]
    return [
        f"{province.subscribers:,} subscribers, {rows} {'row' if rows == 1 else 'rows'} a request; "
        f"processor time measured on {measured['cpu']}, commit {measured['commit']}.",
        "",
        *_traffic(province, sizing),
        *_needs(province, sizing),
        *_prices(province, sizing),
        *_agreement(costs, results),
    ]


def _traffic(province: Province, sizing: Sizing) -> list[str]:
    rows = [
        (
            f"{channel}s",
            count(load.a_day),
            count(load.busy_hour_mean),
            count(load.busiest_second),
            count(load.busiest_second / load.busy_hour_mean),
        )
        for channel, load in sizing.loads.items()
    ]
    head = ("decisions", "a day", "a second, busiest hour", "busiest second", "times its hour")
    return table(head, rows)


def _needs(province: Province, sizing: Sizing) -> list[str]:
    head = ("", "needed", "because")
    return words(head, [*_hosts(province, sizing.decides), *_memory_and_wire(province, sizing)])


def _hosts(province: Province, decides: HostCount) -> Iterator[tuple[str, str, str]]:
    plan = province.hosts
    yield (
        "hosts that decide",
        f"{decides.hosts} of {plan.cores} cores, {decides.a_site} in each of {plan.sites} sites",
        f"the busiest second takes {count(decides.cores_busiest_second)} cores: "
        f"{share(decides.used)} of all, {share(decides.used_without_a_site)} without a site",
    )
    yield (
        "in a surge",
        f"{share(decides.used_in_a_surge)} of all cores",
        f"{count(decides.cores_in_a_surge)} cores for {province.surge.minutes:g} minutes; with a "
        f"site lost, too, {_waits(decides.longest_wait_seconds)}",
    )


def _memory_and_wire(province: Province, sizing: Sizing) -> Iterator[tuple[str, str, str]]:
    kept = province.kept
    yield (
        "memory of a host",
        f"{_rough(sizing.host_memory_gib)} GiB",
        f"a worker for each core, lists twice; it has {province.hosts.memory_gib:g} GiB",
    )
    yield (
        "memory of administration",
        f"{_rough(sizing.administration_memory_gib)} GiB",
        "the peak of the longest import that was measured",
    )
    yield (
        "store",
        f"{_rough(sizing.store_gib)} GiB, {kept.replicas_of_the_store} copies",
        f"{count(sizing.hits_a_day)} blocked or marked a day, kept for {kept.decision_days:g} "
        "days, and the lists",
    )
    yield (
        "decision log",
        f"{_rough(sizing.decision_log_gib)} GiB",
        f"{kept.decision_log_days:g} days of what is blocked and one in "
        f"{kept.decision_log_allowed_one_in} of the rest, {kept.decision_log_ends_days:g} of ends "
        "of calls",
    )
    yield (
        "network",
        f"{_rough(sizing.network_mbit)} Mbit/s",
        "requests and answers together, in the busiest second",
    )


def _waits(seconds: float) -> str:
    if not seconds:
        return "nothing waits"
    return f"requests would wait {count(seconds)} s, so some are shed, and pass"


def _prices(province: Province, sizing: Sizing) -> list[str]:
    currency = province.prices.currency
    rows = [(what, _rough(cost)) for what, cost in sizing.cost_a_year.items()]
    rows.append(("**all**", _rough(sum(sizing.cost_a_year.values()))))
    return table((f"a year at the prices given ({currency})", "about"), rows)


def _agreement(costs: UnitCosts, results: Results) -> list[str]:
    head = ("rate of one worker", "from processor time", "measured", "measured by it")
    return [
        "The processor time that this rests on is that of the whole service, store and parent of "
        "the workers among it, which had another core where rates were measured. So a worker does "
        "more than its processor time says; the hosts above are rather too many. `before-after` is "
        "another run, with fewer listed numbers:",
        "",
        *table(head, _compared(costs, results)),
    ]


def _compared(costs: UnitCosts, results: Results) -> Iterator[tuple[str, ...]]:
    measured = {"h2load": rates({"h2load": results["h2load"]}), "before-after": _after(results)}
    for (channel, rows), microseconds in sorted(costs.microseconds.items()):
        for kind, found in measured.items():
            if channel in CHANNELS and (channel, rows) in found:
                expected = 1e6 / microseconds
                yield (
                    f"{channel}s, {rows} a request ({kind})",
                    count(expected),
                    count(found[channel, rows]),
                    count(found[channel, rows] / expected),
                )


def _after(results: Results) -> Mapping[tuple[str, int], float]:
    cells = results.get("before-after", {}).get("cells", [])
    return {(cell["channel"], cell["batch"]): cell["after"] for cell in cells}


def _rough(value: float) -> str:
    """Write two significant digits: more would be false precision."""
    if not value:
        return "0"
    digits = 2 - len(str(int(abs(value)))) if abs(value) >= 1 else 2
    return f"{round(value, digits):,.{max(digits, 0)}f}"
