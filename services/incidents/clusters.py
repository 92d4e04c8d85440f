"""Clusters of suspects in the decision log: what a lead about cards and lines begins with (断卡).

Numbers that were blocked and have something in common: a block of a thousand consecutive numbers
(号码池), a trunk over which they behaved like a SIM box, the host of the links in their texts, or
the confirmed entity that they are related to. And, blocked or not, numbers that behave alike
(`caller_behaviour`): those that dial strangers like machines over one trunk or from one block, and
those of one block that began together; and those that called from one handset
(`handset_clusters`), where the log keeps hashes of handsets. Each says why.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from fanzha.decisions import Action, Reason
from fanzha.errors import InvalidInput, NotFound
from fanzha.phone import masked, number_text
from services.decision.related.entities import is_party
from services.decision_log import schema
from services.decision_log.query import FILES, DecisionQuery
from services.incidents import caller_behaviour, handset_clusters
from services.incidents.caller_behaviour import CallerBehaviour
from services.incidents.handset_clusters import SharedHandset

FEWEST = 5
"""Numbers of a cluster, unless told otherwise."""
MOST_MEMBERS = 500
"""Numbers of one cluster that are named."""
_MOST_ROWS = 200_000
_HOUR_MS = 3_600_000
_BLOCK_DIGITS = 3
"""Last digits that numbers of one pool differ in."""


class ClusterKind(IntEnum):
    """What the numbers of a cluster have in common; numbered as on the wire."""

    NUMBER_POOL = 1
    SIM_BOX = 2
    SHARED_LINK = 3
    RELATED = 4
    AUTO_DIALER = 5
    ACTIVATED_TOGETHER = 6
    SAME_HANDSET = 7


BY_BEHAVIOUR = frozenset({ClusterKind.AUTO_DIALER, ClusterKind.ACTIVATED_TOGETHER})
_COMMON = {
    ClusterKind.NUMBER_POOL: "''",
    ClusterKind.SIM_BOX: "trunk",
    ClusterKind.SHARED_LINK: "shared",
    ClusterKind.RELATED: "related_to",
}
_WHERE = {
    ClusterKind.NUMBER_POOL: "true",
    ClusterKind.SIM_BOX: f"trunk IS NOT NULL AND reason = '{Reason.VELOCITY.name}'",
    ClusterKind.SHARED_LINK: "shared IS NOT NULL",
    ClusterKind.RELATED: "related_to IS NOT NULL",
}


_OF_SEEN = " AND (coalesce(entry_id, '') = '' OR entry_id IN (SELECT unnest(?)))"
_FOLDERS = tuple(schema.FOLDERS[one] for one in schema.FOLDERS if one.name != "LINK")
"""Null where a channel has no such column: links have no caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectCluster:
    """Numbers with something in common."""

    kind: ClusterKind
    common: str
    """What: a range, a trunk, a host, an entity, or the hash of a handset."""
    numbers: Sequence[str]
    """The most active first, `MOST_MEMBERS` at most."""
    size: int
    """How many there are."""
    blocked: int
    """Their decisions to block."""
    first_ms: int
    last_ms: int
    evidence: Mapping[str, float] = field(default_factory=dict)
    """Why it is one: figures by name, which docs/how-to/incidents.md explains."""

    @property
    def why(self) -> str:
        """Return the evidence in a line."""
        return ", ".join(f"{name} {value:.4g}" for name, value in self.evidence.items())

    @property
    def masked_common(self) -> str:
        """What they have in common, for those who may not see numbers whole."""
        names_party = self.kind is ClusterKind.RELATED and is_party(self.common)
        return masked(self.common) if names_party else self.common

    @property
    def masked_numbers(self) -> list[str]:
        """Its numbers for those who may not see them whole.

        Of a block none: masked numbers show their last digits, and the block has the others.
        """
        return [] if is_block(self.common) else list(map(masked, self.numbers))


def is_block(common: str) -> bool:
    """Return whether what numbers have in common is a block, as clusters write it."""
    return common.startswith("+") and common.endswith("*")


class ClusterFinder:
    """Looks for clusters in the decision log. Blocking: call it from a thread."""

    def __init__(self, logged: DecisionQuery | None) -> None:
        self._logged = logged

    def find(
        self,
        kind: ClusterKind,
        since_ms: int,
        fewest: int = 0,
        seen: Collection[str] | None = None,
    ) -> list[SuspectCluster]:
        """Return the clusters of one kind, the largest first; `NotFound` without a log.

        Of handsets, those with the most blocked numbers come first. *seen*: ids of the entries
        whose blocks count, beside blocks by no entry; None: all.
        """
        if not 0 <= fewest <= MOST_MEMBERS:
            raise InvalidInput("fewest: 2 to {most}", most=MOST_MEMBERS)
        if since_ms < 0:
            raise InvalidInput("since_ms: required")
        if kind in BY_BEHAVIOUR:
            return self._by_behaviour(kind, since_ms, fewest)
        if kind is ClusterKind.SAME_HANDSET:
            return self._by_handset(since_ms, max(fewest, 2) if fewest else FEWEST)
        rows = self._rows(kind, since_ms, seen)
        groups: dict[str, list[_Caller]] = defaultdict(list)
        for one in rows:
            groups[_pool(one.number) if kind is ClusterKind.NUMBER_POOL else one.common].append(one)
        least = max(fewest, 2) if fewest else FEWEST
        found = [
            _cluster(kind, common, members)
            for common, members in groups.items()
            if common and len(members) >= least
        ]
        return sorted(found, key=lambda one: (-one.size, -one.blocked, one.common))

    def one(
        self,
        kind: ClusterKind,
        common: str,
        since_ms: int,
        seen: Collection[str] | None = None,
    ) -> SuspectCluster:
        """Return one cluster of any size; `NotFound` when it is none any more. *seen*: as above."""
        if kind is ClusterKind.SAME_HANDSET:
            # Most handsets with two numbers are somebody's; only this one is looked for.
            is_one = handset_clusters.is_handset(common)
            found = self._by_handset(since_ms, 2, common) if is_one else []
        else:
            least = 1 if kind is ClusterKind.AUTO_DIALER else 2
            found = self.find(kind, since_ms, least, seen)
        fitting = [one for one in found if common in (one.common, one.masked_common)]
        if len(fitting) == 1:
            return fitting[0]
        raise NotFound("cluster: there is none of {common!r}", common=common[:100])

    def blocking_entries(self, since_ms: int) -> list[tuple[str, str]]:
        """Return id and pattern of the entries that blocked since a time, the latest first."""

        def ask(connection: Any, files: list[str]) -> list[tuple[str, str]]:
            found = connection.execute(
                "SELECT entry_id, any_value(pattern) FROM "  # noqa: S608
                f"{FILES} WHERE action = '{Action.BLOCK.name}' AND coalesce(entry_id, '') != '' "
                "AND pattern IS NOT NULL AND decided_at_ms >= ? "
                "GROUP BY entry_id ORDER BY max(decided_at_ms) DESC, entry_id LIMIT ?",
                [files, since_ms, _MOST_ROWS],
            ).fetchall()
            return [(str(id_), str(pattern)) for id_, pattern in found]

        nothing: list[tuple[str, str]] = []
        return self._log().over(_FOLDERS, since_ms, [], ask, nothing)

    def _by_behaviour(self, kind: ClusterKind, since_ms: int, fewest: int) -> list[SuspectCluster]:
        groups: dict[str, list[CallerBehaviour]] = defaultdict(list)
        dials = kind is ClusterKind.AUTO_DIALER
        for one in caller_behaviour.callers_of_strangers(self._log(), since_ms):
            if not dials:
                groups[_pool(one.number)].append(one)
            elif one.dials_like_a_machine:
                groups[one.trunk or _pool(one.number)].append(one)
        # One number that dials like a machine is a lead by itself.
        least = fewest or (1 if dials else FEWEST)
        choose = caller_behaviour.alike if dials else _new_and_alike
        chosen = [(common, choose(members)) for common, members in groups.items() if common]
        found = [_behaving(kind, common, some) for common, some in chosen if len(some) >= least]
        return sorted(found, key=lambda one: (-one.size, -one.evidence["calls"], one.common))

    def _by_handset(self, since_ms: int, fewest: int, common: str = "") -> list[SuspectCluster]:
        found = handset_clusters.shared_handsets(
            self._log(), since_ms, fewest, most=MOST_MEMBERS, handset=common
        )
        return [_of_handset(one) for one in found]

    def _log(self) -> DecisionQuery:
        if self._logged is None or not self._logged.exists:
            raise NotFound("clusters: no decision log is kept")
        return self._logged

    def _rows(
        self, kind: ClusterKind, since_ms: int, seen: Collection[str] | None
    ) -> "list[_Caller]":
        of_seen = "" if seen is None else _OF_SEEN

        def ask(connection: Any, files: list[str]) -> list[_Caller]:
            found = connection.execute(
                "SELECT from_key, common, sum(weight), min(decided_at_ms), max(decided_at_ms) FROM "  # noqa: S608
                f"(SELECT *, {_COMMON[kind]} AS common FROM (SELECT *, coalesce(host, hosts[1]) "
                f"AS shared FROM {FILES} WHERE action = '{Action.BLOCK.name}' AND from_key != 0 "
                f"AND from_name IS NULL AND decided_at_ms >= ?{of_seen}) WHERE {_WHERE[kind]}) "
                "GROUP BY from_key, common ORDER BY 3 DESC LIMIT ?",
                [files, since_ms, *([] if seen is None else [list(seen)]), _MOST_ROWS],
            ).fetchall()
            return [
                _Caller(number_text(int(key)), common, int(events), int(first), int(last))
                for key, common, events, first, last in found
            ]

        nothing: list[_Caller] = []
        return self._log().over(_FOLDERS, since_ms, [], ask, nothing)


@dataclass(frozen=True, slots=True)
class _Caller:
    number: str
    common: str
    blocked: int
    first_ms: int
    last_ms: int


def _pool(number: str) -> str:
    return f"{number[:-_BLOCK_DIGITS]}*" if number.startswith("+") else ""


def _cluster(kind: ClusterKind, common: str, members: Iterable[_Caller]) -> SuspectCluster:
    ordered = sorted(members, key=lambda one: (-one.blocked, one.number))
    return SuspectCluster(
        kind=kind,
        common=common,
        numbers=[one.number for one in ordered[:MOST_MEMBERS]],
        size=len(ordered),
        blocked=sum(one.blocked for one in ordered),
        first_ms=min(one.first_ms for one in ordered),
        last_ms=max(one.last_ms for one in ordered),
        evidence={
            "blocked_per_number": sum(one.blocked for one in ordered) / len(ordered),
            "hours": (max(one.last_ms for one in ordered) - min(one.first_ms for one in ordered))
            / _HOUR_MS,
        },
    )


def _new_and_alike(callers: Sequence[CallerBehaviour]) -> list[CallerBehaviour]:
    return caller_behaviour.alike(caller_behaviour.activated_together(callers))


def _behaving(kind: ClusterKind, common: str, members: Sequence[CallerBehaviour]) -> SuspectCluster:
    ordered = sorted(members, key=lambda one: (-one.calls, one.number))
    return SuspectCluster(
        kind=kind,
        common=common,
        numbers=[one.number for one in ordered[:MOST_MEMBERS]],
        size=len(ordered),
        blocked=sum(one.blocked for one in ordered),
        first_ms=min(one.first_ms for one in ordered),
        last_ms=max(one.last_ms for one in ordered),
        evidence=caller_behaviour.evidence(ordered),
    )


def _of_handset(one: SharedHandset) -> SuspectCluster:
    return SuspectCluster(
        kind=ClusterKind.SAME_HANDSET,
        common=one.handset,
        numbers=one.numbers,
        size=one.size,
        blocked=one.blocked,
        first_ms=one.first_ms,
        last_ms=one.last_ms,
        evidence=one.evidence,
    )
