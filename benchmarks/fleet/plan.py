"""Reads the fault plan, `plan.toml`."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

FILE = Path(__file__).with_name("plan.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFault:
    """A row of the plan: what happens, for how long, and what is expected."""

    name: str
    kind: str
    """Which function of `benchmarks.fleet.faults`."""
    about: str
    seconds: float
    load_held: float
    """The least share of calls that a server answers, from the fault until it is healed."""
    healed_seconds: float
    """Until all is as before, at most."""
    from_commit: str = ""
    """Of an upgrade: the version that all hosts run before it, and so at the start of the plan."""
    who: str = "other"
    """Which host: ``primary``, that of the store's primary; ``other``; or ``all``."""


def read(file: Path = FILE) -> list[PlannedFault]:
    """Read a plan; raise ValueError naming what is wrong in it."""
    rows = tomllib.loads(file.read_text()).get("fault", [])
    known = {one.name for one in fields(PlannedFault)}
    for row in rows:
        unknown = set(row) - known
        if unknown:
            raise ValueError(f"{file}: {row.get('name')}: unknown {', '.join(sorted(unknown))}")
    plan = [PlannedFault(**row) for row in rows]
    names = [fault.name for fault in plan]
    if len(set(names)) < len(names):
        raise ValueError(f"{file}: a name is there twice")
    return plan


def chosen(plan: Sequence[PlannedFault], only: Sequence[str]) -> list[PlannedFault]:
    """Return the faults of these names, in the order of the plan; all where none is named."""
    unknown = set(only) - {fault.name for fault in plan}
    if unknown:
        raise ValueError(f"no such fault: {', '.join(sorted(unknown))}; --list names them")
    return [fault for fault in plan if not only or fault.name in only]


def older_version(plan: Sequence[PlannedFault]) -> str:
    """Return the commit that a plan begins with; empty where that is this checkout."""
    return next((fault.from_commit for fault in plan if fault.from_commit), "")
