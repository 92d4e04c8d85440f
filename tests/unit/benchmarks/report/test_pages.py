"""The pages say what was measured, what was missed, and what was not measured."""

from typing import Any

from benchmarks.report import capacity, markdown, page, peers
from benchmarks.report.demand import HABITS
from benchmarks.report.stalls import stillness
from benchmarks.report.targets import PER_SECOND, Target

POINT = {
    "rows_per_second": 0.0,
    "p99_ms_at_half": 1.5,
    "server_cores": 0.99,
    "generator_cores": 0.2,
}

LIST_SIZE: dict[str, Any] = {
    "kind": "sweep-list-size",
    "points": [
        {"channel": "call", "batch": 256, "listed": listed} | POINT | {"rows_per_second": rate}
        for listed, rate in ((10_000, 130.0), (10_000_000, 100.0))
    ],
    "sizes": [
        {
            "listed": 10_000_000,
            "imports": [
                {"what": "numbers", "seconds": 140.0, "until_acting_seconds": 150.0},
                {"what": "hosts", "seconds": 160.0, "until_acting_seconds": 170.0},
            ],
            "bytes_per_entry": {
                "number_in_files": 20.2, "number_resident": 20.0,
                "host_in_files": 41.2, "host_resident": 30.0,
            },
            "start_seconds": [0.5, 0.9, 9.0],
        }
    ],
}  # fmt: skip


def h2load(share: float) -> dict[str, Any]:
    results = [
        {"channel": channel, "batch": batch, "median": expected * share}
        for (channel, batch), expected in PER_SECOND.items()
    ]
    return {"kind": "h2load", "results": results}


def workers(one: float, two: float) -> dict[str, Any]:
    points = [
        {"channel": "call", "batch": 256, "workers": number, "rows_per_server_core": rate / number}
        | POINT
        | {"rows_per_second": rate, "server_cores": 0.95 * number}
        for number, rate in ((1, one), (2, two))
    ]
    return {"kind": "sweep-worker-count", "points": points}


def section(text: str, heading: str) -> str:
    return text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]


def test_rates_that_reach_their_targets_miss_nothing() -> None:
    text = page.write({"h2load": h2load(1.0)})

    assert "800,000<br>≥ 800,000" in section(text, "Targets")
    assert "None." in section(text, "Missed targets")


def test_rates_below_their_targets_are_named() -> None:
    text = page.write({"h2load": h2load(0.5)})

    assert "calls in batches of 1,024: 400,000 a second, target 800,000" in text
    assert section(text, "Missed targets").count("* ") == len(PER_SECOND)


def test_two_workers_are_held_against_one() -> None:
    text = page.write({"sweep-worker-count": workers(100_000, 150_000)})

    name = "two workers by one, for the same processor time of each"
    assert f"{name} (calls): 1.50, target ≥ 1.9 times" in text


def test_what_a_second_of_processor_time_decides_is_in_the_table_of_workers() -> None:
    text = page.write({"sweep-worker-count": workers(100_000, 150_000)})

    assert "| calls | 2 | 256 | 150,000 | 1.50 | 1.90 | 0.20 | 75,000 |" in text


def test_a_closed_loop_that_leaves_the_server_time_is_said_to_be_the_limit() -> None:
    points = [
        {"channel": "call", "batch": batch} | POINT | {"server_cores": cores}
        for batch, cores in ((16, 0.66), (256, 1.1))
    ]

    text = page.write({"sweep-batch-size": {"kind": "sweep-batch-size", "points": points}})

    assert "used less than 90% of its cores: calls at 16. Its capacity is higher" in text


def test_the_memory_of_lists_is_reported_and_judged_at_the_largest_size() -> None:
    text = page.write({"sweep-list-size": LIST_SIZE})

    assert (
        "| 10,000,000 | 140.0 (150.0) | 160.0 (170.0) | 20.2 (20.0) | 41.2 (30.0) | 0.90 |" in text
    )
    targets = section(text, "Targets")
    assert (
        "| resident of a listed number (of 10,000,000; 20.2 in the files) | ≤ 24 bytes" in targets
    )
    assert section(text, "Missed targets").strip() == (
        "* import of ten million (hosts): 160, target ≤ 150 s"
    )


def test_calls_without_a_decision_during_list_changes_are_reported() -> None:
    result = {
        "kind": "sweep-propagation", "changes": 60, "workers": 2, "rate_rows_per_second": 50_000.0,
        "to_every_worker_ms": {"p50": 250.0, "p90": 800.0, "p99": 1_400.0, "max": 1_400.0},
        "p99_ms_without_changes": 4.0, "p99_ms_with_changes": 6.0, "p99_ratio": 1.5,
        "without_changes": {"failed_share": 0.0}, "with_changes": {"failed_share": 0.025},
    }  # fmt: skip

    text = page.write({"sweep-propagation": result})

    assert "6.00 ms with them (1.50 times); without a decision in time: 0 and 2.5 %." in text
    assert "(of 60 changes, 2 workers): 1,400, target ≤ 1,000 ms" in text


def test_stalls_of_the_machine_are_reported_with_the_discarded_runs() -> None:
    def run(longest_ms: float) -> dict[str, Any]:
        still = {"times": 2, "total_ms": 60, "longest_ms": longest_ms, "real_time": True}
        return {"machine_stood_still": still}

    client = {"runs": [run(3.0)], "put_aside": [run(48.0)]}

    lines = stillness({"client": client, "micro": {}})

    assert "| client | 2 | 4 | 48 | 1 | yes |" in lines
    assert not [line for line in lines if line.startswith("| micro")]
    assert stillness({"micro": {}}) == []


def test_an_unmeasured_figure_names_its_command() -> None:
    text = page.write({})

    for command in ("bench overload", "bench peers", "bench micro", "--only propagation"):
        assert command in text
    assert text.count("Not measured: `fanzha") == 16


def peer(**changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "channel": "calls", "peer": "Kamailio", "version": "", "ours": "", "peer_rate": [],
        "ours_rate": [], "peer_cpu": [], "ours_cpu": [], "ratio": None, "memory": {},
        "not_equal": "It speaks SIP.", "missing_reason": "",
    }  # fmt: skip
    return {
        "kind": "peers", "rows": [row | changes], "repeats": 3, "seconds": 4, "listed": 1_000,
    }  # fmt: skip


def test_a_missing_peer_has_a_row_with_the_reason() -> None:
    result = peer(missing_reason="not installed")

    text = section(page.write({"peers": result}), "Peers")

    assert "| Kamailio | missing | not installed |" in text
    assert "**Kamailio (calls).** It speaks SIP." in text


def test_a_peer_that_was_asked_too_slowly_is_compared_by_its_processor_time_too() -> None:
    result = peer(
        ours="one a request", ratio=5.0, peer_rate=[100.0, 90.0, 200.0], peer_cpu=[0.2, 0.2, 0.3],
        ours_rate=[500.0], ours_cpu=[1.0],
    )  # fmt: skip

    text = section(page.write({"peers": result}), "Peers")

    assert "| 100 | one a request | 500 | 5.00 × | 1.00 × |" in text


def test_rows_of_several_runs_name_the_run_of_their_channels() -> None:
    old = peer(run=("c24", "3", "4", "1,000"), missing_reason="no")
    new = peer(channel="names", run=("c25", "2", "1", "1,000"), missing_reason="no")
    result = old | {"rows": [*old["rows"], *new["rows"]]}

    text = section(page.write({"peers": result}), "Peers")

    assert "* calls: commit c24, 3 × 4 s each, 1,000 numbers and names listed." in text
    assert "* names: commit c25, 2 × 1 s each, 1,000 numbers and names listed." in text


STILL = {"times": 1, "total_ms": 10.7, "longest_ms": 10.7, "real_time": True}


def test_times_in_the_server_at_half_load_are_held_against_the_target() -> None:
    point = {
        "channel": "call", "capacity_rows_per_second": 200_000.0,
        "offered_rows_per_second": 100_000.0, "requests": 9_573, "server_p50_ms": 0.75,
        "server_p99_ms": 2.25, "share_within_aim": 0.985, "client_p99_ms": 5.0,
        "failed_share": 0.0, "server_cores": 0.5, "runs": [{"machine_stood_still": STILL}],
    }  # fmt: skip

    text = page.write({"half-load": {"rows": 16, "listed": 10, "points": [point]}})

    assert "| calls | 200,000 | 100,000 | 9,573 | 0.75 | 2.25 | 98.5 % | 5.0 |" in text
    assert "half load (calls, 16 rows a request): 2.25, target ≤ 2 ms" in text
    assert "| half-load | 1 | 1 | 11 | 0 | yes |" in text


def test_a_modest_login_is_shown_alone_and_beside_a_greedy_one() -> None:
    modest = {"decided_share": 1.0, "p50_ms": 1.0, "p99_ms": 4.0, "generator_lag_p99_ms": 2.0}
    ways = [
        {"way": "alone", "offered_rows_per_second": 10_000.0, "server_cores": 0.1} | both
        for both in (
            {"modest": modest, "greedy": None},
            {"modest": modest | {"p99_ms": 9.0}, "greedy": {"decided_rows_per_second": 200.0}},
        )
    ]
    result = {"modest_share": 0.1, "greedy_times": 5.0, "timeout_ms": 200}

    text = page.write({"fairness": result | {"points": [{"rows": 256, "ways": ways}]}})

    assert "| 256 | alone | 10,000 | 100.0 % | 1.0 | 4.0 | 2.0 | – | 0.10 |" in text
    assert "| 256 | alone | 10,000 | 100.0 % | 1.0 | 9.0 | 2.0 | 200 | 0.10 |" in text
    assert "offers 10.0 % of the capacity" in text


def test_an_import_that_was_given_up_says_so_beside_those_that_were_not() -> None:
    done = {
        "listed": 1_000_000, "import": {"seconds": 3.25}, "peak_bytes": 2**30,
        "around_lists": {"administration_peak_bytes": 2**29}, "rows_per_second": 400_000.0,
        "lists": {"file_bytes": 17_600_000}, "start_seconds": [1.0, 2.0, 3.0],
    }  # fmt: skip
    stopped = {"listed": 100_000_000, "stopped_after_seconds": 90.0, "peak_bytes": 2**34}

    text = page.write({"sweep-large-list": {"sizes": [done, stopped]}})

    assert "| 1,000,000 | 3.2 | 17.6 | 512 | 1,024 | 400,000 | 2.00 |" in text
    assert "| 100,000,000 | given up after 90 s |  |  | 16,384 |  |  |" in text


def test_a_target_may_be_the_most_or_the_least() -> None:
    least, most = Target(name="rate", target=10), Target(name="wait", target=10, most=True)

    assert [least.reached(11), least.reached(9), most.reached(11), most.reached(9)] == [
        True, False, False, True,
    ]  # fmt: skip


def test_half_of_each_core_stays_free() -> None:
    assert capacity.cores(1_000, 500) == 4
    assert capacity.cores(1_001, 500) == 5


def test_the_busy_hour_of_a_province_is_in_the_page_on_capacity() -> None:
    text = capacity.write({"h2load": h2load(1.0)})

    calls = next(habit for habit in HABITS if habit.channel == "call").per_second(70_000_000)
    assert f"| call attempts | {markdown.count(calls)} | 2 |" in text


def test_cores_used_beside_the_one_of_a_worker_are_reported() -> None:
    points = [
        {"channel": "call", "batch": batch} | POINT | {"server_cores": cores}
        for batch, cores in ((1, 1.02), (256, 1.12), (4096, 1.3))
    ]

    text = capacity.write({"sweep-batch-size": {"points": points}})

    assert "take up to 0.12 of another core" in text


def test_resources_of_store_and_administration_are_reported_or_marked_unknown() -> None:
    around = {"store_bytes": 3 * 2**30, "administration_peak_bytes": 2 * 2**20}
    size = LIST_SIZE["sizes"][0] | {"around_lists": around}

    known = capacity.write({"sweep-list-size": LIST_SIZE | {"sizes": [size]}})

    assert "holds them in 3,072 MiB; list administration took 2 MiB at most" in known
    assert "was not measured" in capacity.write({"sweep-list-size": LIST_SIZE})


def test_figures_have_three_digits_that_mean_something() -> None:
    shown = [markdown.count(value) for value in (354_321, 1_234, 99.4, 2.314, 0.3149, 0)]

    assert shown == ["354,000", "1,230", "99.4", "2.31", "0.315", "0"]


def test_a_cell_cannot_break_its_table() -> None:
    assert markdown.table(("a",), [("b|c\nd",)])[2] == "| b\\|c d |"


def test_a_machine_that_all_results_share_is_named_once() -> None:
    one = {"cores": 2, "cpu": "AMD EPYC", "python": "3.11.7", "packages": {"numpy": "2.4.6"}}

    shared = "\n".join(page.machine({"quick": one, "client": one}))
    different = "\n".join(page.machine({"quick": one, "client": one | {"cores": 4}}))

    assert shared.count("2 cores, AMD EPYC, Python 3.11.7, numpy 2.4.6") == 1
    assert "| 2 cores, AMD EPYC, Python 3.11.7, numpy 2.4.6 |" in different
    assert "| 4 cores, AMD EPYC, Python 3.11.7, numpy 2.4.6 |" in different


def test_a_difference_shared_by_several_peers_is_written_once() -> None:
    def row(peer: str, text: str) -> dict[str, Any]:
        return {
            "peer": peer, "version": "1", "channel": "text", "missing_reason": "not measured",
            "not_equal": text,
        }  # fmt: skip

    result = {
        "repeats": 1, "seconds": 1, "listed": 1,
        "rows": [
            row("first", "It is a mail filter. It reads headers. One process."),
            row("second", "It is a mail filter. It reads headers. A process each."),
            row("third", "It resolves names. One process."),
        ],
    }  # fmt: skip

    text = "\n".join(peers.peers({"peers": result}))

    assert text.count("It is a mail filter. It reads headers.") == 1
    assert "**first (text), second (text).** It is a mail filter." in text
    assert "**second (text).** A process each." in text
    assert "**third (text).** It resolves names. One process." in text


def test_a_day_of_four_billion_decisions_is_told_in_core_hours() -> None:
    cells = [
        {"channel": channel, "batch": 16, "median": 1.0, "cpu_microseconds_a_row": cost}
        for channel, cost in (("call", 9.0), ("text", 36.0), ("link", 18.0))
    ]

    day = section(capacity.write({"h2load": {"results": cells}}), "A day of four billion decisions")

    assert "| a third each of calls, texts, links | not measured | 23.3 |" in day
    assert "| calls alone | not measured | 10.0 |" in day


def test_memory_of_the_whole_and_of_a_further_worker_is_held_against_its_target() -> None:
    def of(workers: int, worker: float) -> dict[str, Any]:
        pss = {"admin": 70.0, "worker": worker}
        return {"workers": workers, "pss_mib": pss, "pss_mib_after_the_import": pss | {"up": 9.0}}

    run = {"seconds": 0.9, "cpu_seconds": 1.1}
    result = {
        "listed": 1_000_000, "memory": [of(1, 280.0), of(2, 450.0)], "start": [run], "help": [run],
    }  # fmt: skip

    text = page.write({"footprint": result})

    assert "| 2 workers, imported | 529 | 70 | 450 | 9 |" in text
    missed = section(text, "Missed targets")
    assert "memory of a further worker (the second): 170, target ≤ 150 MiB" in missed
    assert "memory of the whole service" not in missed
    assert "From exec to SERVING, from files with the store away: 0.90 s, 1.10" in text
