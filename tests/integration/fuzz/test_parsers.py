"""Every parser reads damaged inputs, or refuses them as it promises; more cases by command."""

import random
from pathlib import Path

import pytest

from tests.support.parser_fuzz import cases, targets

CASES = 250
NAMES = sorted(targets.TARGETS)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANZHA_CONFIG", "")  # a case sets it, for child processes
    targets.use_folder(tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_the_inputs_that_are_damaged_are_well_formed(name: str) -> None:
    target = targets.TARGETS[name]

    for seed in target.seeds():
        target.read(seed)


@pytest.mark.parametrize("name", NAMES)
def test_damaged_inputs_are_read_or_refused(name: str) -> None:
    target = targets.TARGETS[name]
    count = max(5, round(CASES * target.share))

    found = cases.fuzz(target, count, random.Random(name))

    assert found.failures == []
    assert found.read + found.refused == count


def test_a_parser_that_raises_something_else_is_found() -> None:
    broken = targets.FuzzTarget(read=int, seeds=lambda: [b"1"], refusals=(KeyError,))

    found = cases.fuzz(broken, 50, random.Random(1))

    assert found.read > 0
    assert found.failures
    assert found.failures[0].startswith("ValueError")
