"""Results of the parts of a training in a folder, so that a killed run loses one part.

A part is what takes minutes: a fit, a round without a source. Its result is written as it ends, and
read back by the next run under the same conditions: data, seed, options, packages, and the code of
the modules that make it. Another run's results are left alone, so a folder may serve several.
"""

import hashlib
import json
import pickle
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

from classifiers.training.reproducibility import packages
from infra import atomic_file

_Result = TypeVar("_Result")
_FIGURES, _OBJECTS = "json", "pickle"
_DIGITS = 16


class Checkpoints:
    """Results of one training's parts; without a folder nothing is kept."""

    def __init__(self, folder: Path | None, conditions: Mapping[str, object]) -> None:
        self._folder = folder
        self._conditions = {**conditions, "packages": packages()}
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def figures(self, part: str, work: Callable[[], _Result]) -> _Result:
        """Return what *work* returns, of which JSON must be able to hold everything."""
        path = self._path(part, _FIGURES)
        if path is None:
            return work()
        if path.exists():
            _say(part, path)
            found: _Result = json.loads(path.read_text(encoding="utf-8"))["result"]
            return found
        made = work()
        atomic_file.write(
            path, json.dumps({"part": part, "conditions": self._conditions, "result": made})
        )
        return made

    def objects(self, part: str, work: Callable[[], _Result]) -> _Result:
        """Return what *work* returns, such as fitted models, kept by `pickle`.

        Reading a pickle runs what it holds: name no folder that others may write to.
        """
        path = self._path(part, _OBJECTS)
        if path is None:
            return work()
        if path.exists():
            _say(part, path)
            kept: _Result = pickle.loads(path.read_bytes())  # noqa: S301 - see above
            return kept
        made = work()
        atomic_file.write(path, pickle.dumps(made, protocol=pickle.HIGHEST_PROTOCOL))
        return made

    def _path(self, part: str, form: str) -> Path | None:
        if self._folder is None:
            return None
        about = json.dumps([part, self._conditions], sort_keys=True)
        digest = hashlib.sha256(about.encode()).hexdigest()[:_DIGITS]
        name = re.sub(r"[^A-Za-z0-9]+", "-", part)[:60].strip("-")
        return self._folder / f"{name}.{digest}.{form}"


NO_CHECKPOINTS = Checkpoints(None, {})


def digest_of_files(paths: Sequence[Path]) -> dict[str, str]:
    """Return the SHA-256 of each file, by name, as a condition."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(paths)}


def digest_of_code(names: Sequence[str]) -> str:
    """Return one SHA-256 of the source of modules and packages, as a condition.

    Of a package, all its modules. Nothing is imported.
    """
    digest = hashlib.sha256()
    for name in sorted(names):
        for path in _sources(name):
            digest.update(f"{name} {path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _sources(name: str) -> list[Path]:
    found = find_spec(name)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(name)
    if found.submodule_search_locations:
        return sorted(Path(found.origin).parent.glob("*.py"))
    return [Path(found.origin)]


def _say(part: str, path: Path) -> None:
    sys.stderr.write(f"kept: {part} ({path.name})\n")
