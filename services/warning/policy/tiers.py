"""Tier policy: maps the facts of a case to a tier, 高, 中 or 低, by explicit, versioned lines.

Each line whose condition holds adds points, or sets a floor ("at_least") or a cap ("at_most"). The
verdict is the tier of the points, raised to the highest floor, then lowered to the lowest cap. It
names the lines that determined it, so it can be checked against the file.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from fanzha import toml_files
from fanzha.errors import InvalidConfiguration
from services.warning.model import Tier
from services.warning.policy import conditions, plans
from services.warning.policy.conditions import Holds
from services.warning.policy.facts import CaseFacts

MOST_POINTS = 1000
_ID = re.compile(r"[a-z][a-z0-9-]{0,59}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_EFFECTS = ("points", "at_least", "at_most")


@dataclass(frozen=True, slots=True, kw_only=True)
class TierRule:
    """One line of a policy; exactly one of points, at_least and at_most is set."""

    id: str
    about: str
    holds: Holds
    points: int = 0
    at_least: Tier | None = None
    at_most: Tier | None = None
    when: Mapping[str, Any]

    @property
    def effect(self) -> str:
        """Its effect in words."""
        if self.at_least:
            return f"at least {self.at_least.name.lower()}"
        if self.at_most:
            return f"at most {self.at_most.name.lower()}"
        return f"{self.points:+d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TierVerdict:
    """A tier, with the lines that determined it."""

    tier: Tier
    lines: tuple[str, ...]
    """Ids of the lines that determined it; empty: no line holds, so the tier is low."""
    version: str
    """Version of the policy."""
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TierPolicy:
    """A loaded policy."""

    version: str
    about: str
    medium: int
    high: int
    lines: Sequence[TierRule]
    plans: plans.Plans

    @classmethod
    def load(cls, path: Path | None = None) -> "TierPolicy":
        """Load a policy; without *path* the shipped one. Raises `ValueError`."""
        if path is None:
            text = (files("services.warning") / "data" / plans.SHIPPED).read_text(encoding="utf-8")
            return parse(text, plans.SHIPPED)
        try:
            return parse(path.read_text(encoding="utf-8"), str(path))
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidConfiguration("{path}: {error}", path=path, error=error) from error

    def judge(self, facts: CaseFacts) -> TierVerdict:
        """Evaluate the policy."""
        held = [line for line in self.lines if line.holds(facts)]
        points = sum(line.points for line in held)
        scored = self._reached(points)
        floor = max((line.at_least for line in held if line.at_least), default=Tier.LOW)
        cap = min((line.at_most for line in held if line.at_most), default=Tier.HIGH)
        raised = max(scored, floor)
        tier = min(raised, cap)
        gave = [line.id for line in held if self._gave(line, scored, raised, tier)]
        return TierVerdict(tier=tier, lines=tuple(gave), version=self.version, points=points)

    def _reached(self, points: int) -> Tier:
        if points >= self.high:
            return Tier.HIGH
        return Tier.MEDIUM if points >= self.medium else Tier.LOW

    @staticmethod
    def _gave(line: TierRule, scored: Tier, raised: Tier, tier: Tier) -> bool:
        """Whether *line* determined the tier."""
        if line.at_most:
            return line.at_most == tier < raised
        if line.at_least:
            return line.at_least == raised > scored or line.at_least == tier == scored
        # Points matter unless a floor is above the tier that they reach.
        return bool(line.points) and scored >= raised


def parse(text: str, name: str) -> TierPolicy:
    """Parse and validate a policy. Raises `ValueError` with file and line id."""
    try:
        read = toml_files.parse(text)
        return _policy(read)
    except tomllib.TOMLDecodeError as error:
        raise InvalidConfiguration("{name}: no TOML: {error}", name=name, error=error) from error
    except ValueError as error:
        raise InvalidConfiguration("{name}: {error}", name=name, error=error) from error


def _policy(read: dict[str, Any]) -> TierPolicy:
    _only(read, ("version", "about", "points", "line", "step"), "")
    version = read.get("version")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise InvalidConfiguration(
            "version: letters, digits, . _ -, in quotes: {version!r}", version=version
        )
    points = read.get("points")
    if not isinstance(points, dict):
        raise InvalidConfiguration("[points]: medium and high are required")
    _only(points, ("medium", "high"), "[points] ")
    medium = _whole(points.get("medium"), "[points] medium")
    high = _whole(points.get("high"), "[points] high")
    if not 0 < medium < high:
        raise InvalidConfiguration(
            "[points]: 0 < medium < high is required: {medium}, {high}", medium=medium, high=high
        )
    found = read.get("line")
    if not isinstance(found, list) or not found:
        raise InvalidConfiguration("[[line]]: at least one is required")
    lines = [_line(one, place) for place, one in enumerate(found, 1)]
    ids = [line.id for line in lines]
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        raise InvalidConfiguration("[[line]] {twice!r}: the id is there twice", twice=twice[0])
    return TierPolicy(
        version=version,
        about=str(read.get("about", "")),
        medium=medium,
        high=high,
        lines=lines,
        plans=plans.read(read.get("step", [])),
    )


def _line(read: Any, place: int) -> TierRule:
    if not isinstance(read, dict):
        raise InvalidConfiguration("line: write [[line]]")
    line_id = read.get("id")
    if not isinstance(line_id, str) or not _ID.fullmatch(line_id):
        raise InvalidConfiguration(
            "[[line]] number {place}: id: small letters, digits, -: {line_id!r}",
            place=place,
            line_id=line_id,
        )
    where = f"[[line]] {line_id!r}: "
    _only(read, ("id", "about", "when", *_EFFECTS), where)
    about = read.get("about")
    if not isinstance(about, str) or not about.strip():
        raise InvalidConfiguration("{where}about: say what it means", where=where)
    given = [name for name in _EFFECTS if name in read]
    if len(given) != 1:
        raise InvalidConfiguration(
            "{where}one of {effects} is required", where=where, effects=", ".join(_EFFECTS)
        )
    when = read.get("when")
    if not isinstance(when, dict):
        raise InvalidConfiguration("{where}when: conditions are required", where=where)
    try:
        holds = conditions.read(when)
    except ValueError as error:
        raise InvalidConfiguration("{where}{error}", where=where, error=error) from error
    return TierRule(
        id=line_id,
        about=about.strip(),
        holds=holds,
        points=_whole(read.get("points", 0), f"{where}points"),
        at_least=_tier(read.get("at_least"), f"{where}at_least"),
        at_most=_tier(read.get("at_most"), f"{where}at_most"),
        when=when,
    )


def _only(read: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    if unknown := [name for name in read if name not in known]:
        raise InvalidConfiguration(
            "{where}there is no {unknown!r}; there are {known}",
            where=where,
            unknown=unknown[0],
            known=", ".join(known),
        )


def _whole(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MOST_POINTS:
        raise InvalidConfiguration(
            "{where}: a whole number up to {most_points}: {value!r}",
            where=where,
            most_points=MOST_POINTS,
            value=value,
        )
    return value


def _tier(value: Any, where: str) -> Tier | None:
    if value is None:
        return None
    if not isinstance(value, str) or value.upper() not in Tier.__members__:
        raise InvalidConfiguration(
            "{where}: low, medium or high: {value!r}", where=where, value=value
        )
    return Tier[value.upper()]
