"""Which results a report is made of."""

import json
from pathlib import Path

import pytest

from benchmarks.report import latest_results


def write(folder: Path, name: str, **result: object) -> None:
    (folder / name).write_text(json.dumps(result))


def test_the_newest_of_each_kind_counts(tmp_path: Path) -> None:
    write(tmp_path, "2026-11-24-load.json", kind="load", at="2026-11-24T10:00:00", rate=1)
    write(tmp_path, "2026-11-25-load.json", kind="load", at="2026-11-25T10:00:00", rate=2)
    write(tmp_path, "2026-11-23-micro.json", kind="micro", at="2026-11-23T10:00:00", rate=3)

    results = latest_results.newest(tmp_path)

    assert {kind: result["rate"] for kind, result in results.items()} == {"load": 2, "micro": 3}


def test_a_result_without_a_kind_takes_it_from_its_file_name(tmp_path: Path) -> None:
    write(tmp_path, "2026-11-24-h2load.json", at="2026-11-24T10:00:00")
    write(tmp_path, "peers-2026-11-24.json", at="2026-11-24T10:00:00")
    write(tmp_path, "sweep-list-size.json", at="2026-11-24T10:00:00")

    assert set(latest_results.newest(tmp_path)) == {"h2load", "peers", "sweep-list-size"}


def test_a_folder_without_results_gives_none(tmp_path: Path) -> None:
    assert latest_results.newest(tmp_path) == {}


def test_a_file_that_is_no_result_is_named(tmp_path: Path) -> None:
    (tmp_path / "2026-11-24-load.json").write_text('{"kind": "load"')

    with pytest.raises(latest_results.Unreadable, match=r"2026-11-24-load\.json"):
        latest_results.newest(tmp_path)


def test_a_list_is_no_result(tmp_path: Path) -> None:
    (tmp_path / "2026-11-24-load.json").write_text("[]")

    with pytest.raises(latest_results.Unreadable, match="not the result of a benchmark"):
        latest_results.newest(tmp_path)


def row(peer: str, rate: float | None, channel: str = "call") -> dict[str, object]:
    missing_reason = "" if rate else "not installed"
    return {"channel": channel, "peer": peer, "ratio": rate, "missing_reason": missing_reason}


def peers(folder: Path, kind: str, day: int, rows: list[dict[str, object]]) -> None:
    write(
        folder, f"2026-11-{day}-{kind}.json", kind=kind, at=f"2026-11-{day}T10:00:00",
        commit=f"c{day}", repeats=day, seconds=1, listed=10, rows=rows,
    )  # fmt: skip


def test_a_newer_part_takes_the_place_of_what_it_measured_and_of_nothing_else(
    tmp_path: Path,
) -> None:
    peers(tmp_path, "peers", 24, [row("Kamailio", 1.0), row("Unbound", 2.0, "name")])
    peers(
        tmp_path, "peers-part", 25,
        [row("Kamailio", 3.0), row("Unbound", None, "name"), row("ZEN", None, "usual")],
    )  # fmt: skip

    result = latest_results.newest(tmp_path)["peers"]

    found = {one["peer"]: (one["ratio"], one["run"][:2]) for one in result["rows"]}
    assert found == {
        "Kamailio": (3.0, ("c25", "25")), "Unbound": (2.0, ("c24", "24")),
        "ZEN": (None, ("c25", "25")),
    }  # fmt: skip


def test_an_older_part_changes_nothing(tmp_path: Path) -> None:
    peers(tmp_path, "peers", 24, [row("Kamailio", 1.0)])
    peers(tmp_path, "peers-part", 23, [row("Kamailio", 3.0)])

    assert latest_results.newest(tmp_path)["peers"]["rows"] == [row("Kamailio", 1.0)]


def test_a_part_alone_is_what_there_is(tmp_path: Path) -> None:
    peers(tmp_path, "peers-part", 24, [row("Kamailio", 1.0)])

    assert latest_results.newest(tmp_path)["peers"]["rows"] == [row("Kamailio", 1.0)]
