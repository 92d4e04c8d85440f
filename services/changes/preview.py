"""The preview of a change request, shown before it is submitted or approved.

A pure function of the request's rows, one version of the lists and the impact by the decision
log. It is stored as JSON with the request and can be computed again.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from blocklists.conflicts.findings import Conflicts
from blocklists.critical.risks import RiskFinder
from blocklists.entries import EntryKind, EntryMode
from blocklists.entry_table import EntryTable
from blocklists.snapshot.snapshot import Snapshot
from blocklists.store.changes import RowOutcome
from fanzha.decisions import Action
from fanzha.tables import Int64s
from fanzha.translation.message import Message
from services.changes import impact as impacts
from services.changes.diff import (
    UNCHANGED_OUTCOMES,
    ChangeDiff,
    blocks_without_fraud_type,
    rows_without_effect,
)
from services.changes.impact import ImpactEstimate
from services.changes.model import ChangeRequest, Draft, RowProblem
from services.changes.popularity import PopularHosts
from services.changes.relations import RowRelation, relations

_MAX_POPULAR = 5
MAX_RISKS = 20
"""Most risks that one change may have without a second person; nobody reads more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePreview:
    """What a change would do."""

    version: int
    at_ms: int
    counts: Mapping[str, int]
    """Number of rows by the name of their outcome, refused and invalid ones included."""
    relations: tuple[RowRelation, ...] = ()
    impact: ImpactEstimate
    shadow_impact: ImpactEstimate | None = None
    """Impact of its shadow entries if they enforced; None without any."""
    without_effect: int = 0
    without_fraud_type: int = 0
    """Rows with an effect that block and name no kind of fraud: their hits warn no one."""
    ranges: int = 0
    """Number of ranges among the rows with an effect; likewise `allows` and `hosts`."""
    allows: int = 0
    hosts: int = 0
    popular: tuple[str, ...] = ()
    """The most popular hosts to be blocked, with their rank."""
    popular_total: int = 0
    popularity_known: bool = False
    risks: tuple[str, ...] = ()
    """The first `MAX_RISKS` risks: what it would hit that many depend on."""
    risks_total: int = 0
    not_examined: tuple[str, ...] = ()
    problems: tuple[RowProblem, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """Return the form stored with the request."""
        return asdict(self)


def read(stored: Mapping[str, Any]) -> ChangePreview:
    """Read what `ChangePreview.as_json` wrote."""
    shadows = stored.get("shadow_impact")
    together = [
        RowRelation(**one | {"examples": tuple(one["examples"])}) for one in stored["relations"]
    ]
    return ChangePreview(
        **{
            **stored,
            "impact": impacts.read(stored["impact"]),
            "shadow_impact": impacts.read(shadows) if shadows else None,
            "relations": tuple(together),
            "popular": tuple(stored["popular"]),
            "risks": tuple(stored.get("risks", ())),
            "not_examined": tuple(stored["not_examined"]),
            "problems": tuple(RowProblem(**one) for one in stored["problems"]),
        }
    )


def shadows(additions: EntryTable, diff: ChangeDiff) -> EntryTable:
    """Return the shadow entries among the additions, which decide nothing."""
    coming = (additions.modes == EntryMode.SHADOW) & ~np.isin(diff.outcomes, UNCHANGED_OUTCOMES)
    return additions.take(np.flatnonzero(coming))


def effective(snapshot: Snapshot, additions: EntryTable, diff: ChangeDiff) -> EntryTable:
    """Return the additions that change decisions, for which the impact is computed."""
    idle = rows_without_effect(snapshot, additions, diff)
    return additions.take(np.flatnonzero(~idle)) if idle.any() else additions


def preview(
    snapshot: Snapshot,
    request: Draft | ChangeRequest,
    additions: EntryTable,
    diff: ChangeDiff,
    *,
    conflicts: Conflicts,
    impact: ImpactEstimate,
    shadow_impact: ImpactEstimate | None,
    popular: PopularHosts,
    popular_rank: int,
    risks: RiskFinder,
    at_ms: int,
) -> ChangePreview:
    """Return the preview of a change."""
    acting = effective(snapshot, additions, diff)
    met, not_examined = relations(snapshot, additions, conflicts, now_s=at_ms // 1000)
    blocked = np.flatnonzero((acting.kinds == EntryKind.HOST) & (acting.actions == Action.BLOCK))
    known = _popular(acting, blocked, popular, popular_rank)
    counts = dict(Counter(diff.counts()) + Counter(request.dropped))
    return ChangePreview(
        version=diff.version,
        at_ms=at_ms,
        counts=counts,
        relations=met,
        impact=impact,
        shadow_impact=shadow_impact,
        without_effect=len(additions) - len(acting) - counts.get(RowOutcome.DUPLICATE.name, 0),
        without_fraud_type=int(np.count_nonzero(blocks_without_fraud_type(acting))),
        ranges=int(np.count_nonzero(acting.kinds == EntryKind.RANGE)),
        allows=int(np.count_nonzero(acting.actions == Action.ALLOW)),
        hosts=len(blocked),
        popular=tuple(f"{host} (rank {rank})" for rank, host in known[:_MAX_POPULAR]),
        popular_total=len(known),
        popularity_known=popular.known,
        **_risks(acting, risks),
        not_examined=(*not_examined, *_unknown(len(blocked), popular), *impact.uncertain),
        problems=tuple(request.problems),
    )


def _unknown(hosts: int, popular: PopularHosts) -> tuple[str, ...]:
    why = Message("popularity of hosts: popular_hosts_file is not set")
    return () if popular.known or not hosts else (why,)


def _risks(acting: EntryTable, finder: RiskFinder) -> dict[str, Any]:
    hits = list(dict.fromkeys(risk.text for risk in finder.find(acting)))
    return {"risks": tuple(hits[:MAX_RISKS]), "risks_total": len(hits)}


def _popular(
    acting: EntryTable, rows: Int64s, popular: PopularHosts, least: int
) -> list[tuple[int, str]]:
    if not popular.known:
        return []
    hosts = [text.decode() for text in acting.patterns.take(rows).all_raw()]
    ranked = ((popular.rank(host), host) for host in hosts)
    return sorted((rank, host) for rank, host in ranked if rank is not None and rank <= least)
