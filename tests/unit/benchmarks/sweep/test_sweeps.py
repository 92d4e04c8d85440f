"""What sweeps ask and how they sum up."""

import csv
from pathlib import Path

import pytest

from benchmarks.sweep import list_size, propagation, text_length


@pytest.mark.parametrize("characters", [1, 10, 70, 560])
def test_texts_have_exactly_the_length_that_is_swept(tmp_path: Path, characters: int) -> None:
    file = text_length.write_texts(tmp_path / "texts.csv", characters, count=20)

    with file.open(encoding="utf-8", newline="") as lines:
        bodies = [row["text"] for row in csv.DictReader(lines)]
    assert {len(body) for body in bodies} == {characters}
    assert [body.strip() for body in bodies] == bodies
    assert len(bodies) == 20


def test_the_99th_of_few_changes_is_the_slowest() -> None:
    found = propagation.quantiles([0.1, 0.2, 0.9])

    assert found == {"p50": 200.0, "p90": 900.0, "p99": 900.0, "max": 900.0}


def test_bytes_per_entry_come_from_the_growth_of_files_and_mappings() -> None:
    found = list_size.bytes_per_entry(
        {"file_bytes": 2_000, "mapped_pss_bytes": 1_500},
        {"file_bytes": 6_000, "mapped_pss_bytes": 4_000},
        100,
    )

    assert found == {
        "number_in_files": 20.0,
        "host_in_files": 40.0,
        "number_resident": 15.0,
        "host_resident": 25.0,
    }
