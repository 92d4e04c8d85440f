"""Results of a training's parts, kept for the next run."""

import ast
from functools import partial
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from classifiers.training.checkpoints import Checkpoints, digest_of_code, digest_of_files

NO_CONDITION = {
    "classifiers.training.checkpoints",
    "classifiers.training.link.forked",
    "classifiers.training.link.stages",  # chooses from what is kept
    "classifiers.training.reproducibility",
    # Make rows, which are a condition themselves.
    "classifiers.training.templates.builder",
    "classifiers.training.templates.loader",
    "classifiers.training.templates.slots",
}
"""What says where a fit runs, what is kept of it, and what is chosen afterwards."""


class Training:
    """Counts how often each part is made; ends at one of them, as if killed."""

    def __init__(self, killed_at: str = "") -> None:
        self.made: list[str] = []
        self._killed_at = killed_at

    def part(self, name: str) -> dict[str, object]:
        if name == self._killed_at:
            raise KeyboardInterrupt
        self.made.append(name)
        return {"part": name, "recall": 0.5}

    def run(self, kept: Checkpoints) -> list[dict[str, object]]:
        return [kept.figures(one, partial(self.part, one)) for one in "abc"]


def test_a_killed_run_loses_the_part_it_was_at(tmp_path: Path) -> None:
    first, second = Training(killed_at="c"), Training()
    with pytest.raises(KeyboardInterrupt):
        first.run(Checkpoints(tmp_path, {"seed": 1}))

    found = second.run(Checkpoints(tmp_path, {"seed": 1}))

    assert (first.made, second.made) == (["a", "b"], ["c"])
    assert found == Training().run(Checkpoints(None, {}))


@pytest.mark.parametrize("conditions", [{"seed": 2}, {"seed": 1, "data": {"urls": "ab"}}, {}])
def test_other_conditions_read_nothing_back(tmp_path: Path, conditions: dict[str, object]) -> None:
    Training().run(Checkpoints(tmp_path, {"seed": 1}))
    other, same = Training(), Training()

    other.run(Checkpoints(tmp_path, conditions))
    same.run(Checkpoints(tmp_path, {"seed": 1}))

    assert (other.made, same.made) == (["a", "b", "c"], [])


def test_arrays_come_back_to_the_bit(tmp_path: Path) -> None:
    scores = np.random.default_rng(1).random(100, np.float32)
    Checkpoints(tmp_path, {}).objects("without a, b/c", lambda: (scores, "x"))

    found, _ = Checkpoints(tmp_path, {}).objects("without a, b/c", lambda: (scores[:0], "y"))

    assert found.tobytes() == scores.tobytes()


def test_parts_whose_names_look_alike_are_kept_apart(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path, {})

    made = [kept.figures(name, partial(str, name)) for name in ("a b", "a, b", "a/b")]

    assert made == ["a b", "a, b", "a/b"]


def test_files_and_code_count_as_conditions(tmp_path: Path) -> None:
    table = tmp_path / "urls.csv.gz"
    table.write_bytes(b"one")
    before = digest_of_files([table])
    table.write_bytes(b"two")

    assert digest_of_files([table]) != before
    assert digest_of_code(["fanzha.url"]) != digest_of_code(["fanzha.url", "fanzha.text"])
    assert digest_of_code(["classifiers.link"]) != digest_of_code(["classifiers.link.url_parts"])
    with pytest.raises(ModuleNotFoundError):
        digest_of_code(["fanzha.no_such_module"])


def imported(module: str) -> set[str]:
    """Return the modules of `classifiers` that *module* imports, itself and through others."""
    found, waiting = set[str](), {module}
    while waiting:
        name = waiting.pop()
        found.add(name)
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        for node in ast.walk(ast.parse(Path(spec.origin).read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("classifiers"):
                inner = {f"{node.module}.{alias.name}" for alias in node.names}
                modules = {one for one in inner if find_spec_or_none(one)}
                waiting |= (modules or {str(node.module)}) - found
    return found


def find_spec_or_none(name: str) -> ModuleSpec | None:
    try:
        return find_spec(name)
    except ModuleNotFoundError:  # a name in a module
        return None


@pytest.mark.parametrize(
    ("fitting", "named"),
    [
        ("classifiers.training.link.cascade_fit", "classifiers.training.link.__main__"),
        (
            "classifiers.training.text.rounds.training_rounds",
            "classifiers.training.text.rounds.conditions",
        ),
    ],
)
def test_all_code_that_a_fit_imports_is_among_its_conditions(fitting: str, named: str) -> None:
    pytest.importorskip("torch", reason="the extra train is not installed")
    conditions = import_module(named).FITTED_BY

    missing = {
        one
        for one in imported(fitting)
        if one.startswith("classifiers.training.")
        and one not in conditions
        and one.rpartition(".")[0] not in conditions
    }

    assert missing - NO_CONDITION == set()
    assert len(digest_of_code(conditions)) == 64
