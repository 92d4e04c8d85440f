"""Finds the newest result of each kind among the JSON files of real runs."""

import json
import re
from pathlib import Path
from typing import Any, TypeAlias

Result: TypeAlias = dict[str, Any]

_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}-|-\d{4}-\d{2}-\d{2}$")


class Unreadable(Exception):
    """A file that holds no result, or one that lacks figures of a page."""


def newest(folder: Path) -> dict[str, Result]:
    """Return the newest result of each kind.

    The kind is a field of the result; without one it is the name of its file without
    the date: ``2026-11-24-h2load.json`` is of the kind ``h2load``.
    """
    found: dict[str, Result] = {}
    for file in sorted(folder.glob("*.json")):
        result: Result = _read(file) | {"file": file.name}
        kind = result.setdefault("kind", kind_of(file.stem))
        if result.get("at", "") >= found.get(kind, {}).get("at", ""):
            found[kind] = result
    return found


def _read(file: Path) -> Result:
    try:
        result = json.loads(file.read_text())
    except ValueError as error:
        raise Unreadable(f"{file.name}: {error}") from error
    if not isinstance(result, dict):
        raise Unreadable(f"{file.name}: not the result of a benchmark")
    return result


def kind_of(stem: str) -> str:
    """Return the name of a file without its date."""
    return _DATE.sub("", stem)
