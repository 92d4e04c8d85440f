"""A decision log behind a real socket, for tests that explain its decisions."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from blocklists.queries import MatchingEntries
from fanzha.phone import HomePlan
from fanzha.v1 import decision_log_pb2_grpc as pb_grpc
from services.decision.observer import Observer
from services.decision.pipeline import DecisionPipeline
from services.decision_log.analysis.analyser import DecisionAnalyser
from services.decision_log.analysis.bundle_loader import BundleLoader
from services.decision_log.query import DecisionQuery
from services.decision_log.service import DecisionLogReader
from services.rpc.decision_log.handler import DecisionLogServicer
from tests.support.builders import (
    NINE_O_CLOCK_S,
    an_engine,
    an_entry,
)
from tests.support.change_desk import MemoryAudit
from tests.support.decision_logs import Logged
from tests.support.identities import Issuer
from tests.support.secured_server import SecuredServer, secured_server

FRAUD, ANN = "+8617000000123", "+8619900000001"

ENTRY = an_entry(FRAUD)

Explain = Callable[..., Any]


@asynccontextmanager
async def served(
    log: Path, issuer: Issuer, audit: MemoryAudit, root: Path | None = None
) -> AsyncIterator[SecuredServer]:
    async def entries_of(_query: str) -> MatchingEntries:
        return MatchingEntries(entries=[ENTRY], version=7, protected_because="")

    reader = DecisionLogReader(
        DecisionQuery(log, HomePlan()),
        find_entries=entries_of,
        audit=audit,
        analyser=DecisionAnalyser(BundleLoader(root)),
    )
    servicers = {"decision_log": DecisionLogServicer(reader)}
    async with secured_server(servicers, pb_grpc.DecisionLogServiceStub, issuer) as server:
        yield server


def decide(engine: DecisionPipeline, log: Logged, table: Any) -> None:
    kind = type(table).__name__.lower()
    getattr(engine, f"decide_{kind}")(table, NINE_O_CLOCK_S)
    log.log.writer.flush()


def engine(log: Logged, *entries: Any, **parts: Any) -> DecisionPipeline:
    observer = Observer(
        links_found=log.log.links_found,
        callers_active=log.log.callers_active,
        decided=log.log.decided,
    )
    return an_engine(*entries, observer=observer, **parts)


def english(sentences: Sequence[Any]) -> str:
    return "\n".join(one.en for one in sentences)


def many_callees(calls: int) -> Iterator[str]:
    return (f"+86199{number:08}" for number in range(calls))
