"""Reaches the decision log: that of list administration, or with --offline one of this host."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fanzha.translation.catalogue import gettext
from fanzha.v1 import decision_log_pb2_grpc
from infra.data_paths import DECISIONS
from services.cli._common.console import fail, one_sentence
from services.cli._common.server import ServerOf

_server = ServerOf(lambda: decision_log_pb2_grpc.DecisionLogServiceStub, deadline_seconds=300.0)
"""Half a year of decisions is read in a part of that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFolder:
    """Where the log of this host is, and how to ask it."""

    folder: Path | None
    data_dir: Path
    home: str
    memory: str
    models_dir: Path | None = None
    """Where the bundles are; None means the shipped ones."""


@contextmanager
def decision_log(target: str, offline: LogFolder | None) -> Iterator[Any]:
    """Open a stub of DecisionLogService; what goes wrong becomes a sentence."""
    if offline is not None:
        with one_sentence(gettext("the decision log")):
            yield _OfflineStub(offline)
        return
    with _server(target) as stub:
        yield stub


class _OfflineStub:
    """Answers like the service, from files of this host that its user may read anyway."""

    def __init__(self, where: LogFolder) -> None:
        # Only here: DuckDB takes a while to import.
        from fanzha.phone import HomePlan
        from services.audit.events import NoAudit
        from services.decision_log.analysis.analyser import DecisionAnalyser
        from services.decision_log.analysis.bundle_loader import BundleLoader
        from services.decision_log.analysis.origin_reasons import OriginReasons
        from services.decision_log.query import DecisionQuery
        from services.decision_log.service import DecisionLogReader
        from services.rpc.decision_log.handler import DecisionLogServicer

        place = where.folder or where.data_dir / DECISIONS
        if not place.is_dir():
            fail(gettext("there is no decision log in {place}", place=place))
        log = DecisionQuery(place, HomePlan(where.home), memory=where.memory)
        analyser = DecisionAnalyser(
            BundleLoader(where.models_dir), origin=OriginReasons(where.home)
        )
        reader = DecisionLogReader(
            log, find_entries=_no_entries, audit=NoAudit(), analyser=analyser
        )
        self._servicer: Any = DecisionLogServicer(reader)

    def __getattr__(self, method: str) -> Callable[..., Any]:
        serve = getattr(self._servicer, method)

        def call(request: Any) -> Any:
            return asyncio.run(_as_user(serve(request, None)))

        return call


async def _as_user(answer: Awaitable[Any]) -> Any:
    from services.auth import identity

    with identity.acting_as(identity.DEVELOPER):
        return await answer


async def _no_entries(_query: str) -> Any:
    from blocklists.queries import MatchingEntries

    return MatchingEntries(entries=[], version=0, protected_because="")
