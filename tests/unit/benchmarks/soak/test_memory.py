"""Kinds of memory are told apart, and a verdict says where growth ends."""

import mmap
import os
from collections.abc import Sequence
from dataclasses import replace

import pytest

from benchmarks.soak import figures
from benchmarks.soak.memory import Memory, memory_of
from benchmarks.soak.sampling import Sample

MIB = 2**20
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
    before = memory_of(os.getpid())
    with mmap.mmap(-1, 64 * MIB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as table:
        table[: 16 * MIB] = bytes(16 * MIB)

        after = memory_of(os.getpid())

    assert after.asked_for - before.asked_for == pytest.approx(64, abs=20)
    assert after.touched - before.touched == pytest.approx(16, abs=14)
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
