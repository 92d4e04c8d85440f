"""Clusters as they are for the caller, whose regions decide which entries there are.

Decisions know no region, and neither have clusters: what models and rules blocked, and how numbers
behave, everybody with the role sees. But numbers blocked by entries of other regions would tell
what is listed there, so people with regions see clusters without them, as logged decisions do not
tell them of such entries either (`services.auth.entry_sight`).
"""

import asyncio
from collections.abc import Collection

from services.auth import identity
from services.auth.entry_sight import EntrySight
from services.incidents.clusters import (
    BY_BEHAVIOUR,
    ClusterFinder,
    ClusterKind,
    SuspectCluster,
)

_OF_ENTRIES = frozenset(ClusterKind) - BY_BEHAVIOUR - {ClusterKind.SAME_HANDSET}
"""Kinds whose numbers were blocked, so that an entry may be why they are in a cluster."""


class ScopedClusters:
    """Looks for clusters in the name of the current identity."""

    def __init__(self, finder: ClusterFinder, sight: EntrySight) -> None:
        self._finder = finder
        self._sight = sight

    async def find(self, kind: ClusterKind, since_ms: int, fewest: int = 0) -> list[SuspectCluster]:
        """Return the clusters of one kind, as `ClusterFinder.find`."""
        seen = await self._seen(kind, since_ms)
        return await asyncio.to_thread(self._finder.find, kind, since_ms, fewest, seen)

    async def one(self, kind: ClusterKind, common: str, since_ms: int) -> SuspectCluster:
        """Return one cluster, as `ClusterFinder.one`."""
        seen = await self._seen(kind, since_ms)
        return await asyncio.to_thread(self._finder.one, kind, common, since_ms, seen)

    async def _seen(self, kind: ClusterKind, since_ms: int) -> Collection[str] | None:
        """Return ids of entries that count; None: all."""
        if kind not in _OF_ENTRIES or not identity.current().regions:
            return None
        named = await asyncio.to_thread(self._finder.blocking_entries, since_ms)
        return {id_ for id_, _ in named} - await self._sight.hidden(named)
