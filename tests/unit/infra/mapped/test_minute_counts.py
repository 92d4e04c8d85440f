"""Counts of a minute that the processes of a host add to together."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.mapped.minute_counts import MinuteCounts

NOON = 43_200


def test_what_is_left_of_a_minute_is_given_and_no_more() -> None:
    counts = MinuteCounts.in_memory(places=2)

    taken = [counts.take(1, 3, most=5, now_s=NOON + at) for at in (0, 30, 59)]

    assert taken == [3, 2, 0]


def test_the_next_minute_begins_anew_and_places_are_counted_apart() -> None:
    counts = MinuteCounts.in_memory(places=2)
    counts.take(0, 5, most=5, now_s=NOON)

    assert counts.take(0, 5, most=5, now_s=NOON + 60) == 5
    assert counts.take(1, 5, most=5, now_s=NOON) == 5


def test_a_lower_limit_than_was_used_gives_nothing() -> None:
    counts = MinuteCounts.in_memory(places=1)
    counts.take(0, 5, most=5, now_s=NOON)

    assert counts.take(0, 1, most=2, now_s=NOON) == 0


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 200)), max_size=20))
def test_no_minute_gives_more_than_its_limit(asked: list[tuple[int, int]]) -> None:
    counts = MinuteCounts.in_memory(places=1)
    given_in: dict[int, int] = {}

    for wanted, at in sorted(asked, key=lambda one: one[1]):
        minute = (NOON + at) // 60
        taken = counts.take(0, wanted, most=12, now_s=NOON + at)
        given_in[minute] = given_in.get(minute, 0) + taken

    assert all(total <= 12 for total in given_in.values())


PROGRAM = """
import sys
from pathlib import Path

from infra.mapped.minute_counts import MinuteCounts

counts = MinuteCounts.on_file(Path(sys.argv[1]), places=2)
print(sum(counts.take(1, 1, most=100, now_s=int(sys.argv[2])) for _ in range(80)))
"""


def test_processes_share_one_limit(tmp_path: Path) -> None:
    path = tmp_path / "reviews"

    command = [sys.executable, "-c", PROGRAM, str(path), str(NOON)]
    taken = [
        int(subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=120).stdout)
        for _ in range(2)
    ]

    assert taken == [80, 20]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"\xff" * 16, b"x" * 100])
def test_a_file_with_anything_in_it_is_used(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "reviews"
    path.write_bytes(content)

    assert MinuteCounts.on_file(path, places=2).take(1, 4, most=3, now_s=NOON) == 3
