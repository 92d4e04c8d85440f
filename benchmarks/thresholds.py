"""Judges measured cells by the floors of ``thresholds.toml``."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("thresholds.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """The floor of a channel."""

    channel: str
    batch: int
    per_round: float
    """Rows for the processor time of one round of the reference loop."""
    p99_ms: float
    """Latency at half of the measured capacity, from the due time of a request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The measurement of a channel."""

    channel: str
    batch: int
    per_round: float
    p99_ms: float
    failed_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A cell compared with its floor."""

    floor: Floor
    cell: Cell | None
    faults: tuple[str, ...]
    """None: the floor holds."""


def read(file: Path = FILE) -> tuple[Floor, ...]:
    """Read the floors."""
    return tuple(Floor(**row) for row in tomllib.loads(file.read_text())["floor"])


def judge(floors: Sequence[Floor], cells: Sequence[Cell]) -> list[Verdict]:
    """Compare each floor with its cell; a floor without a cell counts as missed."""
    measured = {(cell.channel, cell.batch): cell for cell in cells}
    verdicts = []
    for floor in floors:
        cell = measured.get((floor.channel, floor.batch))
        verdicts.append(Verdict(floor=floor, cell=cell, faults=tuple(_faults(floor, cell))))
    return verdicts


def _faults(floor: Floor, cell: Cell | None) -> list[str]:
    if cell is None:
        return ["not measured"]
    faults = []
    if not cell.per_round >= floor.per_round:
        faults.append(f"{cell.per_round:.2f} a round, not {floor.per_round:g}")
    if not cell.p99_ms <= floor.p99_ms:
        faults.append(f"p99 {cell.p99_ms:.1f} ms, not {floor.p99_ms:g}")
    if cell.failed_share:
        faults.append(f"{cell.failed_share:.2%} without a decision")
    return faults
