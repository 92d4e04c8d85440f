"""Tests run in an order that nobody relies on, and any order can be repeated."""

from pathlib import Path

import pytest

from tests.support.random_order import in_random_order, shuffle
from tests.support.run_alone import run_file

SEEDS = range(1, 9)


def test_a_seed_gives_one_order_whatever_was_collected_first(
    request: pytest.FixtureRequest,
) -> None:
    items = request.session.items

    for seed in SEEDS:
        assert in_random_order(items, seed) == in_random_order(items[::-1], seed)


def test_seeds_give_many_orders(request: pytest.FixtureRequest) -> None:
    orders = {tuple(in_random_order(request.session.items, seed)) for seed in SEEDS}

    assert len(orders) > 1


def test_the_tests_of_a_file_stay_together(request: pytest.FixtureRequest) -> None:
    files = [item.path for item in in_random_order(request.session.items, 1)]

    begun = [file for file, before in zip(files, [None, *files], strict=False) if file != before]
    assert len(begun) == len(set(begun))


def test_long_files_begin(request: pytest.FixtureRequest) -> None:
    items = [*request.session.items]

    shuffle(items, request.config, [Path(__file__).name])

    assert items[0].path == Path(__file__)


def test_a_file_that_relies_on_another_fails_alone(tmp_path: Path) -> None:
    file = tmp_path / "test_reliant.py"
    file.write_text(
        "import sys\n\n\ndef test_it():\n    assert 'tests.support.real_life' in sys.modules\n"
    )

    alone = run_file(str(file))

    assert not alone.passed
    assert "1 failed" in alone.output


def test_a_file_that_brings_what_it_needs_passes_alone(tmp_path: Path) -> None:
    file = tmp_path / "test_whole.py"
    file.write_text("def test_it():\n    assert True\n")

    assert run_file(str(file)).passed
