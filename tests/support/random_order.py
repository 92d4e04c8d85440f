"""Shuffles test files, and the tests of each, by a printed seed.

Tests of one file stay together: its fixtures are made once, and ``--dist loadfile`` gives it to
one process. `--order-seed` repeats a run; 0 keeps the order of the files on disk.
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pytest

_SEED = pytest.StashKey[int]()
_SEEDS = 2**32


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--order-seed",
        type=int,
        default=None,
        metavar="N",
        help="repeat the order of a run that printed this seed; 0: as the files lie on disk",
    )


def pytest_configure(config: pytest.Config) -> None:
    given = getattr(config, "workerinput", {}).get("order_seed", config.option.order_seed)
    config.stash[_SEED] = random.randrange(1, _SEEDS) if given is None else given


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Pass the seed to the processes of xdist: all must collect in the same order."""
    node.workerinput["order_seed"] = node.config.stash[_SEED]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    terminalreporter.write_line(f"order of tests: --order-seed {config.stash[_SEED]}")


def shuffle(items: list[pytest.Item], config: pytest.Config, first: Sequence[str]) -> None:
    """Order *items* by the seed of this run; files that end in one of *first* begin."""
    seed = config.stash[_SEED]
    if seed:
        items[:] = in_random_order(items, seed)
    items.sort(key=lambda item: not item.path.as_posix().endswith(tuple(first)))


def in_random_order(items: Sequence[pytest.Item], seed: int) -> list[pytest.Item]:
    """Shuffle files, and tests within each file."""
    chance = random.Random(seed)
    files = defaultdict[str, list[pytest.Item]](list)
    for item in sorted(items, key=lambda item: item.nodeid):
        files[item.path.as_posix()].append(item)
    shuffled = list(files.values())
    chance.shuffle(shuffled)
    for tests in shuffled:
        chance.shuffle(tests)
    return [item for tests in shuffled for item in tests]
