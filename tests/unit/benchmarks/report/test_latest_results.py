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
