"""What of a soak gets a slope, and what the slopes of memory say together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks.soak.memory import Memory
from benchmarks.soak.sampling import Sample
from benchmarks.soak.slopes import Slope, slope_of

ALL = "all"
KINDS = {
    "pss": "PSS",
    "asked_for": "asked for",
    "touched": "touched",
    "own_share": "own share",
    "files": "files",
    "shared": "shared",
}
"""Figures of `Memory`, and what the page calls them."""
_HELD = ("touched", "own_share")
_FLAT_SHARE = 0.01
_FLAT = 0.25
"""Growth of less than a hundredth of the level, or of so many MiB or files, an hour is flat."""

Read = Callable[[Sample], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How a figure grew over the steady part of a run, and over its second half."""

    whole: Slope
    late: Slope

    @property
    def flat(self) -> bool:
        """Whether it is not known to grow, or so little that it does not matter."""
        return _flat(self.whole)

    @property
    def ended(self) -> bool:
        """Whether it grew, and no longer does."""
        return not self.flat and _flat(self.late)

    def words(self) -> dict[str, float]:
        """Write it, for JSON."""
        numbers = {
            "level": self.whole.level,
            "per_hour": self.whole.per_hour,
            "low": self.whole.low,
            "high": self.whole.high,
            "late_per_hour": self.late.per_hour,
            "late_low": self.late.low,
            "late_high": self.late.high,
        }
        return {name: round(number, 3) for name, number in numbers.items()}


def growth_of(samples: Sequence[Sample], read: Read) -> Growth:
    """Return how a figure grew; raise `ValueError` for too few samples."""
    points = [(one.at, read(one)) for one in samples]
    whole, late = (
        slope_of([at for at, _ in some], [value for _, value in some])
        for some in (points, points[len(points) // 2 :])
    )
    return Growth(whole=whole, late=late)


def memory_growth(samples: Sequence[Sample]) -> dict[str, dict[str, Growth]]:
    """Return the growth of each kind of memory by role, and of `ALL` together."""
    roles = [ALL, *samples[-1].memory]
    return {
        role: {kind: growth_of(samples, partial(_memory, role, kind)) for kind in KINDS}
        for role in roles
    }


def other_growth(samples: Sequence[Sample]) -> dict[str, Growth]:
    """Return the growth of what is not memory of processes."""
    reads: dict[str, Read] = {
        "open files of all": lambda one: sum(one.open_files.values()),
        "p99, ms": lambda one: one.p99_ms,
        "of that, sent late by the generator: p99, ms": lambda one: one.late_p99_ms,
        "store, MiB by its own account": lambda one: one.store_mib,
    }
    for folder in samples[-1].folder_mib:
        reads[f"{folder}/ on disk, MiB"] = partial(_folder, folder)
    return {name: growth_of(samples, read) for name, read in reads.items()}


def verdict(growth: Mapping[str, Growth], last: Memory) -> str:
    """Say in words whether private memory of a role grows, and where that ends.

    Pages of files do not count: a process's share in them changes with whoever else on the machine
    has the same library mapped. Nor does what is asked for and not touched: mere addresses.
    """
    if all(growth[kind].flat for kind in _HELD):
        return "flat"
    if all(growth[kind].flat or growth[kind].ended for kind in _HELD):
        return "grew, flat in the second half"
    if growth["touched"].flat:
        return f"writes to forked pages: at most {last.forked:.0f} MiB more"
    if growth["asked_for"].flat:
        return f"fills what it has: at most {last.room:.0f} MiB more"
    return "grows"


def memory_of_role(sample: Sample, role: str) -> Memory:
    """Return the memory of a role; of all together for `ALL`."""
    return sample.whole if role == ALL else sample.memory.get(role, Memory())


def _memory(role: str, kind: str, sample: Sample) -> float:
    found: Any = getattr(memory_of_role(sample, role), kind)
    return float(found)


def _folder(name: str, sample: Sample) -> float:
    return sample.folder_mib.get(name, 0.0)


def is_flat(growth: Mapping[str, float]) -> bool:
    """Whether a figure, as `Growth.words` writes it, is not known to grow by what matters."""
    return _is_flat(growth["low"], growth["per_hour"], growth["level"])


def _flat(slope: Slope) -> bool:
    return _is_flat(slope.low, slope.per_hour, slope.level)


def _is_flat(low: float, per_hour: float, level: float) -> bool:
    return low <= 0 or per_hour < max(_FLAT_SHARE * level, _FLAT)
