"""Input of a policy: facts of a case, and groups of the person and the place."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from blocklists.entries import Source
from fanzha.errors import InvalidConfiguration
from fanzha.fraud import FraudType
from fanzha.phone import HomePlan
from fanzha.tables import Channel
from services.warning.cases.model import Case
from services.warning.csv_rows import rows
from services.warning.model import Risk, Tier
from services.warning.policy.places import places

LONGEST_GROUP = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """The facts of one case that a policy may use."""

    case_id: str
    fraud_type: FraudType = FraudType.UNSPECIFIED
    risk: Risk = Risk.MEDIUM
    confirmed: bool = True
    channels: frozenset[Channel] = frozenset()
    means: int = 1
    """Number of distinct numbers, links, texts and accounts."""
    hits: int = 1
    talked_s: int = 0
    opened_link: bool = False
    score: float | None = None
    region: str = ""
    """Most specific known code: county, city or province."""
    sources: frozenset[Source] = frozenset()
    groups: frozenset[str] = frozenset()
    """Groups of the person and the place, from the administrator's table."""
    tier: Tier | None = None
    """Its current tier, for previews."""


@dataclass(frozen=True, slots=True)
class RiskContext:
    """Groups of numbers and regions."""

    by_number: Mapping[int, frozenset[str]] = field(default_factory=dict)
    by_region: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def groups(self) -> frozenset[str]:
        """The names of all groups."""
        return frozenset().union(*self.by_number.values(), *self.by_region.values())

    def of(self, number: str, region: Collection[str]) -> frozenset[str]:
        """Return the groups of a number and of region codes."""
        digits = number.removeprefix("+")
        found = self.by_number.get(int(digits), frozenset()) if digits.isdecimal() else frozenset()
        for code in region:
            found |= self.by_region.get(code, frozenset())
        return found


def facts_of(case: Case, context: RiskContext) -> CaseFacts:
    """Return the facts of a case in its current state."""
    region = case.region
    return CaseFacts(
        case_id=case.id,
        fraud_type=case.fraud_type,
        risk=case.risk,
        confirmed=case.confirmed,
        channels=case.channels,
        means=len(case.means),
        hits=case.hits,
        talked_s=case.talked_s,
        opened_link=case.opened_link,
        score=case.score,
        region=region.code,
        sources=frozenset(Source(origin.source) for origin in case.origins),
        groups=context.of(case.victim, (region.province, region.city, region.county)),
        tier=case.tier,
    )


def load(path: Path | None, home_country: str = "86") -> RiskContext:
    """Load ``kind,value,group`` (kind: number or region). Raises `ValueError` with the row."""
    plan, sets = HomePlan(home_country), _GroupInterner()
    numbers: dict[int, frozenset[str]] = {}
    regions: dict[str, frozenset[str]] = {}
    for where, cells in rows(path, ("kind", "value", "group"), ("note",)) if path else ():
        kind, value = cells["kind"], cells["value"]
        group = cells["group"]
        if not 1 <= len(group) <= LONGEST_GROUP:
            raise InvalidConfiguration(
                "{where}: group: 1 to {longest_group} characters",
                where=where,
                longest_group=LONGEST_GROUP,
            )
        if kind == "number":
            key = plan.number_key(value)
            if key <= 0:
                raise InvalidConfiguration(
                    "{where}: value: no number: it cannot be read", where=where
                )
            numbers[key] = sets.joined(numbers.get(key), group)
        elif kind == "region":
            code = places().code(value)
            regions[code] = sets.joined(regions.get(code), group)
        else:
            raise InvalidConfiguration(
                "{where}: kind: number or region, not {kind!r}", where=where, kind=kind
            )
    return RiskContext(numbers, regions)


class _GroupInterner:
    """Interns sets of groups, so that a million people of one group share a set."""

    def __init__(self) -> None:
        self._known: dict[frozenset[str], frozenset[str]] = {}

    def joined(self, known: frozenset[str] | None, group: str) -> frozenset[str]:
        joined = (known or frozenset()) | {group}
        return self._known.setdefault(joined, joined)
