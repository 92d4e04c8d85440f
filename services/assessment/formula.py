"""The formula of the assessment: weights, floors and targets of measures, read from a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from fanzha import toml_files
from fanzha.errors import InvalidConfiguration
from services.assessment.measures import NAMES
from services.assessment.model import MeasuredShare

_WHOLE = 100.0
_MOST_MINUTES = 7 * 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureTerms:
    """What one measure earns."""

    weight: float
    floor: float
    target: float

    def points(self, share: float) -> float:
        """Return what a share earns, of `weight`."""
        part = (share - self.floor) / (self.target - self.floor)
        return self.weight * min(max(part, 0.0), 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreFormula:
    """A version of the formula."""

    version: str
    minutes: int
    measures: Mapping[str, MeasureTerms]

    def scored(
        self, counts: Mapping[str, tuple[int, int]]
    ) -> tuple[float | None, dict[str, MeasuredShare]]:
        """Return the score of *counts*, of what counts and of what is reached, by measure.

        The score is of 100, with the weights of what cannot be measured given to the rest; None
        when nothing can.
        """
        found: dict[str, MeasuredShare] = {}
        earned = weights = 0.0
        for name, terms in self.measures.items():
            of, reached = counts.get(name, (0, 0))
            points = terms.points(reached / of) if of else None
            found[name] = MeasuredShare(of=of, reached=reached, points=points)
            if points is not None:
                earned += points
                weights += terms.weight
        return (round(earned / weights * _WHOLE, 2) if weights else None), found


@cache
def load(file: Path | None = None) -> ScoreFormula:
    """Read the formula of *file*, or the one that comes along; `ValueError` for a wrong one."""
    source = file or files("services.assessment") / "formula.toml"
    table, where = toml_files.read_table(source), source.name
    if table.keys() != {"version", "minutes", "measures"}:
        raise InvalidConfiguration("{where}: has version, minutes and measures", where=where)
    version, minutes = table["version"], table["minutes"]
    if not isinstance(version, str) or not version.isprintable() or not 1 <= len(version) <= 40:  # noqa: PLR2004
        raise InvalidConfiguration("{where}: version is a text of 1 to 40 characters", where=where)
    if (
        not isinstance(minutes, int)
        or isinstance(minutes, bool)
        or not (1 <= minutes <= _MOST_MINUTES)
    ):
        raise InvalidConfiguration(
            "{where}: minutes is a number from 1 to {most}", where=where, most=_MOST_MINUTES
        )
    measures = table["measures"]
    if not isinstance(measures, dict) or not measures or not set(measures) <= set(NAMES):
        raise InvalidConfiguration(
            "{where}: measures are of {names}", where=where, names=", ".join(NAMES)
        )
    terms = {name: _terms(fields, f"{where}: {name}") for name, fields in measures.items()}
    if abs(sum(one.weight for one in terms.values()) - _WHOLE) > 1e-6:  # noqa: PLR2004
        raise InvalidConfiguration("{where}: weights add up to 100", where=where)
    return ScoreFormula(version=version, minutes=minutes, measures=terms)


def _terms(fields: Any, where: str) -> MeasureTerms:
    names = ("weight", "floor", "target")
    if not isinstance(fields, dict) or set(fields) != set(names):
        raise InvalidConfiguration("{where}: has weight, floor and target", where=where)
    if not all(isinstance(fields[one], int | float) for one in names):
        raise InvalidConfiguration("{where}: weight, floor and target are numbers", where=where)
    weight, floor, target = (float(fields[one]) for one in names)
    if weight <= 0 or not 0 <= floor < target <= 1:
        raise InvalidConfiguration(
            "{where}: weight is more than 0, floor less than target, both from 0 to 1", where=where
        )
    return MeasureTerms(weight=weight, floor=floor, target=target)
