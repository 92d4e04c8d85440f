"""Kinds of memory are told apart, and a verdict says where growth ends."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace

import pytest

from benchmarks.soak import figures
from benchmarks.soak.memory import Memory, memory_of
from benchmarks.soak.sampling import Sample

TABLE_OF_64_MIB = """
import mmap

print("ready", flush=True)
input()
table = mmap.mmap(-1, 64 * 2**20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for page in range(0, 16 * 2**20, mmap.PAGESIZE):
    table[page] = 1
print("written", flush=True)
input()
"""
LEVEL = Memory(pss=100, own_share=60, touched=80, asked_for=120, files=40)


def a_sample(at: float, memory: Memory) -> Sample:
    return Sample(
        at=at, memory={"worker": memory}, rss_mib={}, open_files={}, processes={}, folder_mib={},
        files={}, store_mib=0.0, p99_ms=1.0, late_p99_ms=0.1, server_cores=1.0,
        generator_cores=0.1, statuses={"OK": 1},
    )  # fmt: skip


def told(grown: Sequence[str], *, until: int = 60) -> str:
    """Return the verdict on an hour in which some kinds grow by half a MiB a minute."""
    samples = [
        a_sample(
            60.0 * minute,
            replace(
                LEVEL, **{kind: getattr(LEVEL, kind) + 0.5 * min(minute, until) for kind in grown}
            ),
        )
        for minute in range(60)
    ]
    growth = figures.memory_growth(samples)["worker"]
    return figures.verdict(growth, samples[-1].memory["worker"])


def test_pages_that_are_written_to_are_touched_and_others_only_asked_for() -> None:
    # A process of its own: what other tests freed in this one would be taken again.
    command = [sys.executable, "-c", TABLE_OF_64_MIB]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin
        assert child.stdout
        assert child.stdout.readline() == b"ready\n"
        before = memory_of(child.pid)
        child.stdin.write(b"go on\n")
        child.stdin.flush()
        assert child.stdout.readline() == b"written\n"
        after = memory_of(child.pid)
        child.stdin.close()

    assert after.asked_for - before.asked_for == pytest.approx(64, abs=4)
    assert after.touched - before.touched == pytest.approx(16, abs=4)
    assert after.room > 0


def test_a_process_that_has_ended_holds_nothing() -> None:
    assert memory_of(2**22 + 1) == Memory()


@pytest.mark.parametrize(
    ("grown", "words"),
    [
        ([], "flat"),
        (["pss", "files"], "flat"),
        (["pss", "own_share"], "writes to forked pages"),
        (["pss", "own_share", "touched"], "fills what it has"),
        (["pss", "own_share", "touched", "asked_for"], "grows"),
        (["asked_for"], "flat"),
    ],
)
def test_a_verdict_names_the_end_of_growth(grown: list[str], words: str) -> None:
    assert told(grown).partition(":")[0] == words


def test_growth_that_ended_is_told_from_growth_that_goes_on() -> None:
    kinds = ["pss", "own_share", "touched", "asked_for"]

    assert told(kinds, until=30) == "grew, flat in the second half"
    assert told(kinds) == "grows"
