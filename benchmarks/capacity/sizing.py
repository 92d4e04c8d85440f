"""How many hosts, how much memory, disk and network a day needs, and what a year of them costs."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.capacity.assumptions import CHANNELS, Float64s, Province
from benchmarks.capacity.simulated_day import Arrivals, ChannelLoad, with_surge
from benchmarks.capacity.unit_costs import DECISION_RECORD_BYTES, MIB, UnitCosts

GIB = 2**30
_BITS = 8
_MBIT = 10**6


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCount:
    """Hosts that decide, and how busy they are."""

    hosts: int
    a_site: int
    cores_busiest_second: float
    """Processor seconds in the busiest second of an ordinary day, and in a surge."""
    cores_in_a_surge: float
    used: float
    used_without_a_site: float
    used_in_a_surge: float
    longest_wait_seconds: float
    """Of what waits in a surge while one site is lost, were nothing shed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizing:
    """What a province needs."""

    loads: Mapping[str, ChannelLoad]
    decides: HostCount
    host_memory_gib: float
    administration_memory_gib: float
    hits_a_day: float
    store_gib: float
    """One copy."""
    decision_log_gib: float
    network_mbit: float
    """In both directions together, in the busiest second of an ordinary day."""
    cost_a_year: Mapping[str, float]


def size(province: Province, arrivals: Arrivals, costs: UnitCosts) -> Sizing:
    """Size a province for the day that *arrivals* are."""
    decides = hosts(province, arrivals, costs)
    hits = hits_a_day(province, arrivals)
    store = store_bytes(province, hits, costs) / GIB
    log = decision_log_bytes(province, arrivals, costs) / GIB
    network = network_bits(province, arrivals, costs) / _MBIT
    kept, prices = province.kept, province.prices
    return Sizing(
        loads={channel: ChannelLoad.of(arrivals[channel]) for channel in CHANNELS},
        decides=decides,
        host_memory_gib=host_memory_mib(province, costs) * MIB / GIB,
        administration_memory_gib=costs.administration_peak_mib * MIB / GIB,
        hits_a_day=hits,
        store_gib=store,
        decision_log_gib=log,
        network_mbit=network,
        cost_a_year={
            "hosts": decides.hosts * prices.host,
            "store": store * kept.replicas_of_the_store * prices.store_gib,
            "disk": log * prices.disk_gib,
            "network": network * prices.mbit_a_second,
        },
    )


def processor_seconds(province: Province, arrivals: Arrivals, costs: UnitCosts) -> Float64s:
    """Return the processor seconds that each second of the day takes."""
    rows = province.rows_a_request
    cores: Float64s = np.sum(
        [arrivals[channel] * costs.microseconds[channel, rows] / 1e6 for channel in CHANNELS],
        axis=0,
    )
    return cores


def hosts(province: Province, arrivals: Arrivals, costs: UnitCosts) -> HostCount:
    """Return the fewest hosts, as many in each site, that keep to the plan with and without one.

    A surge may use all cores of all sites: it is over in minutes. What waits where a site is lost
    besides is told.
    """
    plan = province.hosts
    ordinary = processor_seconds(province, arrivals, costs)
    surged = processor_seconds(province, with_surge(arrivals, province), costs)
    busiest, surge = float(ordinary.max()), float(surged.max())
    left = max(plan.sites - 1, 1)
    a_site = max(
        math.ceil(busiest / (plan.used * plan.cores * plan.sites)),
        math.ceil(busiest / (plan.used_without_a_site * plan.cores * left)),
        math.ceil(surge / (plan.cores * plan.sites)),
        1,
    )
    cores = a_site * plan.cores
    return HostCount(
        hosts=a_site * plan.sites,
        a_site=a_site,
        cores_busiest_second=busiest,
        cores_in_a_surge=surge,
        used=busiest / (cores * plan.sites),
        used_without_a_site=busiest / (cores * left),
        used_in_a_surge=surge / (cores * plan.sites),
        longest_wait_seconds=longest_wait(surged, cores * left),
    )


def longest_wait(work: Float64s, cores: float) -> float:
    """Return the longest wait in seconds where each second brings *work* for so many *cores*.

    A second's work waits for what was left of the seconds before (Lindley's recursion).
    """
    left = longest = 0.0
    for one in work.tolist():
        left = max(0.0, left + one - cores)
        longest = max(longest, left)
    return longest / cores


def hits_a_day(province: Province, arrivals: Arrivals) -> float:
    """Return how many decisions of a day block or mark."""
    return sum(float(arrivals[name].sum()) * province.blocked[name] for name in CHANNELS)


def store_bytes(province: Province, hits: float, costs: UnitCosts) -> float:
    """Return what one copy of the store holds: decision records and their hits, and the lists."""
    records = hits * province.kept.decision_days * DECISION_RECORD_BYTES
    listed = province.listed_numbers + province.listed_hosts
    return records + listed * costs.store_bytes_an_entry


def decision_log_bytes(province: Province, arrivals: Arrivals, costs: UnitCosts) -> float:
    """Return what all days that are kept take: blocked rows, some of the others, ends of calls."""
    kept, one_in = province.kept, province.kept.decision_log_allowed_one_in
    a_day = 0.0
    for channel in CHANNELS:
        rows, blocked = float(arrivals[channel].sum()), province.blocked[channel]
        logged = rows * (blocked + ((1 - blocked) / one_in if one_in else 0))
        a_day += logged * costs.logged_bytes[channel]
    ends = float(arrivals["call"].sum()) * costs.logged_bytes["call_ends"]
    return a_day * kept.decision_log_days + ends * kept.decision_log_ends_days


def network_bits(province: Province, arrivals: Arrivals, costs: UnitCosts) -> float:
    """Return the bits of requests and answers in the busiest second of the day."""
    rows = province.rows_a_request
    seconds = np.sum(
        [
            arrivals[channel]
            * (
                costs.request_bytes[channel, rows]
                + province.wire_answer
                + 2 * province.wire_overhead / rows
            )
            for channel in CHANNELS
        ],
        axis=0,
    )
    return float(seconds.max()) * _BITS


def host_memory_mib(province: Province, costs: UnitCosts) -> float:
    """Return what a host with a worker for each core holds while new lists are written."""
    lists = (
        province.listed_numbers * costs.list_file_bytes["number"]
        + province.listed_hosts * costs.list_file_bytes["host"]
    )
    workers = costs.first_worker_mib + (province.hosts.cores - 1) * costs.further_worker_mib
    return workers + 2 * lists / MIB
