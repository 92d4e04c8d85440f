"""Finds the newest result of each kind among the JSON files of real runs.

What was measured in a tree that differed from its commit is left out: nobody could repeat it.
"""

import json
import re
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks.machine import DIRTY

Result: TypeAlias = dict[str, Any]

_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}-|-\d{4}-\d{2}-\d{2}$")


class Unreadable(Exception):
    """A file that holds no result, or one that lacks figures of a page."""


def newest(folder: Path) -> dict[str, Result]:
    """Return the newest clean result of each kind.

    The kind is a field of the result; without one it is the name of its file without
    the date: ``2026-11-24-h2load.json`` is of the kind ``h2load``.
    """
    found: dict[str, Result] = {}
    for file in sorted(folder.glob("*.json")):
        result: Result = read(file) | {"file": file.name}
        if is_dirty(result):
            continue
        kind = result.setdefault("kind", kind_of(file.stem))
        if result.get("at", "") >= found.get(kind, {}).get("at", ""):
            found[kind] = result
    return _with_newer_part(found, "peers")


def _with_newer_part(found: dict[str, Result], kind: str) -> dict[str, Result]:
    """Put the rows of a newer part into the whole result of *kind*; without one it is the part."""
    part, whole = found.get(f"{kind}-part"), found.get(kind)
    if part is None or (whole is not None and whole.get("at", "") >= part.get("at", "")):
        return found
    return found | {kind: joined(whole, part) if whole is not None else part}


def joined(whole: Result, part: Result) -> Result:
    """Return *whole* with what *part* measured; what it could not measure stays as it was.

    Each row gets the ``run`` that it is of: commit, repeats, seconds of each, listed entries.
    """
    rows = [row | {"run": _run(whole, row)} for row in whole["rows"]]
    measured = {_side_by_side(row) for row in part["rows"] if not row["missing_reason"]}
    known = {_side_by_side(row) for row in rows}
    return whole | {
        "rows": [
            *(row for row in rows if _side_by_side(row) not in measured),
            *(
                row | {"run": _run(part, row)}
                for row in part["rows"]
                if _side_by_side(row) in measured or _side_by_side(row) not in known
            ),
        ]
    }


def _side_by_side(row: Result) -> tuple[str, str]:
    return row["channel"], row["peer"]


def _run(result: Result, row: Result) -> tuple[str, ...]:
    commit = str(row.get("commit", result.get("commit", "–")))[:8]
    return (commit, *(f"{result[name]:,}" for name in ("repeats", "seconds", "listed")))


def dirty(folder: Path) -> list[str]:
    """Return the files that are left out, for the commit that they tell is not what was run."""
    return [file.name for file in sorted(folder.glob("*.json")) if is_dirty(read(file))]


def is_dirty(result: Result) -> bool:
    """Whether a result, or a row that was added to it, is not of the commit that it names."""
    rows = result.get("rows")
    parts = [result, *(rows if isinstance(rows, list) else [])]
    return any(str(part.get("commit", "")).endswith(DIRTY) for part in parts)


def read(file: Path) -> Result:
    """Read one result; raises `Unreadable`."""
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
