"""Sizing is arithmetic: round days and round costs give hosts that one can work out by hand."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.capacity import simulated_day, sizing
from benchmarks.capacity.assumptions import CHANNELS, OF_A_PROVINCE, Province, WrongAssumption
from benchmarks.capacity.simulated_day import DAY, HOUR, ChannelLoad
from benchmarks.capacity.unit_costs import NotMeasured, UnitCosts

COSTS = UnitCosts(
    microseconds={(channel, 1): 100.0 for channel in CHANNELS},
    request_bytes={(channel, 1): 100.0 for channel in CHANNELS},
    first_worker_mib=1000,
    further_worker_mib=200,
    list_file_bytes={"number": 20, "host": 40},
    store_bytes_an_entry=20,
    administration_peak_mib=4096,
    logged_bytes={"call": 20, "text": 30, "link": 40, "call_ends": 10},
)
PROVINCE = Province.read()


def every_second(**rates: float) -> simulated_day.Arrivals:
    return {channel: np.full(DAY, float(rates.get(channel, 0))) for channel in CHANNELS}


def plan(**changes: Any) -> Province:
    return replace(PROVINCE, hosts=replace(PROVINCE.hosts, **changes))


@pytest.mark.parametrize(
    ("a_second", "sites", "hosts"),
    [
        # 100 µs each: 10,000 a second take one core.
        (10_000, 2, 2),
        # 10 cores; half of 16 of each site would do for 16, and without a site 12.8: one a site.
        (100_000, 2, 2),
        # 13 cores are more than four fifths of the one host that is left: two a site.
        (130_000, 2, 4),
        # Of three sites, two are left: 13 of 25.6 cores.
        (130_000, 3, 3),
        # One site cannot be lost: 24 of 48 cores.
        (240_000, 1, 3),
    ],
)
def test_hosts_carry_the_busiest_second_with_and_without_a_site(
    a_second: int, sites: int, hosts: int
) -> None:
    province = replace(plan(sites=sites), surge=replace(PROVINCE.surge, factor=1.0))

    found = sizing.hosts(province, every_second(call=a_second), COSTS)

    assert found.hosts == hosts
    assert found.a_site * sites == hosts
    assert found.cores_busiest_second == pytest.approx(a_second / 10_000)


def test_a_surge_needs_hosts_of_its_own_and_what_waits_without_a_site_is_told() -> None:
    province = replace(PROVINCE, surge=replace(PROVINCE.surge, factor=10.0, minutes=1))

    found = sizing.hosts(province, every_second(call=50_000), COSTS)

    # 50 cores for a minute: 32 of two hosts are too few, so two a site; without one, 32 are left.
    assert found.hosts == 4
    assert found.cores_in_a_surge == pytest.approx(50)
    assert found.longest_wait_seconds == pytest.approx((50 - 32) * 60 / 32)


def test_what_is_left_of_a_second_waits_for_the_next() -> None:
    assert sizing.longest_wait(np.array([1.0, 3.0, 3.0, 0.0, 1.0]), 2) == pytest.approx(1.0)
    assert sizing.longest_wait(np.array([1.0, 2.0]), 2) == 0


def test_store_log_and_network_follow_from_the_day() -> None:
    province = replace(
        PROVINCE,
        blocked={"call": 0.01, "text": 0, "link": 0},
        listed_numbers=1_000_000,
        listed_hosts=0,
    )
    day = every_second(call=100)

    needed = sizing.size(province, day, COSTS)

    calls = 100 * 86_400
    assert needed.hits_a_day == pytest.approx(calls * 0.01)
    assert needed.store_gib * 2**30 == pytest.approx(calls * 0.01 * 30 * 630 + 20_000_000)
    logged = calls * (0.01 + 0.99 / 100) * 20 * 180 + calls * 10 * 7
    assert needed.decision_log_gib * 2**30 == pytest.approx(logged)
    assert needed.network_mbit == pytest.approx(100 * (100 + 60 + 2 * 220) * 8 / 1e6)
    # A worker for each of 16 cores, and 20 MB of lists twice.
    assert needed.host_memory_gib * 1024 == pytest.approx(1000 + 15 * 200 + 2 * 20e6 / 2**20)


def test_a_year_costs_what_its_parts_cost() -> None:
    prices = replace(PROVINCE.prices, host=10, store_gib=0, disk_gib=0, mbit_a_second=2)

    needed = sizing.size(replace(PROVINCE, prices=prices), every_second(call=1000), COSTS)

    assert needed.cost_a_year == {
        "hosts": needed.decides.hosts * 10,
        "store": 0,
        "disk": 0,
        "network": needed.network_mbit * 2,
    }


def test_the_simulated_day_has_the_volume_and_the_hours_it_was_told() -> None:
    day = simulated_day.simulate(PROVINCE)
    again = simulated_day.simulate(PROVINCE)
    other = simulated_day.simulate(PROVINCE, seed=1)

    loads = {channel: ChannelLoad.of(day[channel]) for channel in CHANNELS}
    waves = PROVINCE.waves.a_day * PROVINCE.waves.calls
    assert loads["call"].a_day == pytest.approx(70e6 * 4 + waves, rel=0.001)
    assert loads["text"].a_day == pytest.approx(70e6 * 3, rel=0.001)
    assert loads["link"].a_day == pytest.approx(70e6 * 25, rel=0.001)
    # The busiest hour of calls begins at ten; businesses make bursts of texts, nobody of look-ups.
    assert day["call"].reshape(24, HOUR).sum(axis=1).argmax() in (9, 10)
    ratios = {name: load.busiest_second / load.busy_hour_mean for name, load in loads.items()}
    assert ratios["text"] > 2 > ratios["link"] > 1
    assert all((day[name] == again[name]).all() for name in CHANNELS)
    assert not (day["text"] == other["text"]).all()


def test_a_surge_is_in_the_busiest_hour_only() -> None:
    day = every_second(call=1)
    day["call"][5 * HOUR : 6 * HOUR] = 2

    surged = simulated_day.with_surge(day, PROVINCE)

    length = int(PROVINCE.surge.minutes * 60)
    assert (surged["call"][5 * HOUR : 5 * HOUR + length] == 6).all()
    assert surged["call"].sum() == day["call"].sum() + length * 4


@pytest.mark.parametrize(
    ("there", "wrong", "named"),
    [
        ("sigma = 1.6", "sigmas = 1.6", "sigma"),
        ("cores = 16", "cores = -1", "cores"),
        ("text = [0.5, ", "text = [", "hours"),
        ("subscribers = 70_000_000", "", "subscribers"),
        ("[lists]", "[lists", "line"),
    ],
)
def test_wrong_assumptions_are_named(tmp_path: Path, there: str, wrong: str, named: str) -> None:
    file = tmp_path / "ours.toml"
    text = OF_A_PROVINCE.read_text()
    assert there in text
    file.write_text(text.replace(there, wrong, 1))

    with pytest.raises(WrongAssumption, match=named):
        Province.read(file)


def test_what_was_not_measured_is_named_with_its_command() -> None:
    with pytest.raises(NotMeasured, match="fanzha bench h2load"):
        UnitCosts.of({})
