"""Sources for tests: definitions, a clock, and a delivery that counts lines."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from blocklists.entries import Source
from fanzha.errors import InvalidInput, NotAllowed, VersionConflict
from infra.redis.client import Client, connect
from services.audit.events import AuditKind
from services.sources.delivery import CheckedFile, Delivered
from services.sources.metrics import SourceFigures
from services.sources.model import (
    AccessSecrets,
    Brings,
    Connector,
    DataSource,
    DropTerms,
    PullRequest,
    QualityLimits,
    SourceState,
)
from services.sources.puller import SourcePuller
from services.sources.scheduler import SourceScheduler
from services.sources.store import SourceStore
from tests.support.source_servers import PASSWORD, HttpsFeed, SftpServer, secret

HOUR_MS = 3_600_000
NAME = "ministry"


@dataclass
class LineDelivery:
    """Takes files of lines: ``bad`` cannot be used, ``nonsense`` is another kind of file.

    ``foreign`` is what it may not change, ``locked`` what another changes just now.
    """

    taken: list[list[str]] = field(default_factory=list)
    change_id: int = 0
    """The change request that it makes."""

    async def check(self, source: DataSource, file: Path) -> CheckedFile:
        lines = _lines(file)
        if "nonsense" in lines:
            raise InvalidInput("file: nonsense")
        return CheckedFile(rows=len(lines), refused=lines.count("bad"))

    async def deliver(self, source: DataSource, file: Path) -> Delivered:
        lines = _lines(file)
        if "foreign" in lines:
            raise NotAllowed("source: not yours")
        if "locked" in lines:
            raise VersionConflict("another change has it")
        self.taken.append(lines)
        return Delivered(results={"added": len(lines)}, change_id=self.change_id)


def _lines(file: Path) -> list[str]:
    return file.read_text().split()


@dataclass
class AuditList:
    """Keeps records."""

    records: list[tuple[AuditKind, str, Mapping[str, str], str]] = field(default_factory=list)

    async def record(
        self, kind: AuditKind, *, subject: str, details: Mapping[str, str], actor: str = ""
    ) -> None:
        self.records.append((kind, subject, details, actor))


class PullingHost:
    """One host that pulls; several on one store are several of these."""

    def __init__(self, redis_url: str, folder: Path, *sources: DataSource) -> None:
        self.client: Client = connect(redis_url)
        self.store = SourceStore(self.client)
        self.delivery = LineDelivery()
        self.audit = AuditList()
        self.registry = CollectorRegistry()
        self.folder = folder
        self.now_ms = 1_800_000_000_000
        self.open_changes = set[int]()
        figures = SourceFigures(self.registry)
        puller = SourcePuller(
            self.store,
            dict.fromkeys(Brings, self.delivery),
            audit=self.audit,
            folder=folder,
            now_ms=lambda: self.now_ms,
            counted=figures.pulled,
            is_open=self._is_open,
        )
        self.scheduler = SourceScheduler(
            {one.name: one for one in sources},
            self.store,
            puller,
            figures,
            folder=folder,
            now_ms=lambda: self.now_ms,
        )

    async def _is_open(self, change_id: int) -> bool:
        return change_id in self.open_changes

    async def pull(self, *, later_ms: int = HOUR_MS) -> SourceState:
        """Let time pass, pull what is due, and return the state of the first source."""
        self.now_ms += later_ms
        await self.scheduler.look()
        await self.scheduler.wait()
        return await self.state()

    async def accept(self, sha256: str) -> SourceState:
        """Let somebody accept a held file, and pull."""
        asked = PullRequest(by="wang", at_ms=self.now_ms, accept_sha256=sha256, reason="seen")
        await self.store.ask(NAME, asked)
        return await self.pull(later_ms=0)

    async def state(self, name: str = NAME) -> SourceState:
        """Return the state of a source."""
        return (await self.store.states([name]))[name]

    async def outcomes(self, name: str = NAME) -> list[str]:
        """Return what became of its pulls, the oldest first."""
        return [one.outcome.value for one in reversed(await self.store.pulls(name, 100))]

    def sample(self, metric: str, **labels: str) -> float | None:
        """Return a figure."""
        return self.registry.get_sample_value(metric, {"source": NAME, **labels})


def a_source(connector: Connector, address: str, **changed: Any) -> DataSource:
    """Return a source that brings entries each hour."""
    found = DataSource(
        name=NAME,
        connector=connector,
        address=address,
        brings=Brings.ENTRIES,
        source=Source.MINISTRY,
        every_seconds=3600,
        expected_lag_seconds=7200,
        networks=("127.0.0.0/8",),
        drop=DropTerms(settle_seconds=0.05),
        quality=QualityLimits(most_shrink_percent=50, most_growth_percent=300),
    )
    return replace(found, **changed)


def https_source(feed: HttpsFeed, **changed: Any) -> DataSource:
    """Return the source of a feed."""
    secrets = AccessSecrets(ca_file=feed.ca_file)
    return a_source(Connector.HTTPS, feed.address, **{"secrets": secrets, **changed})


def sftp_source(server: SftpServer, folder: Path, **changed: Any) -> DataSource:
    """Return the source of an SFTP server, with a password."""
    password = secret(folder / "password", PASSWORD.encode())
    secrets = AccessSecrets(password_file=password, host_keys=(server.host_key,))
    return a_source(Connector.SFTP, server.address, **{"secrets": secrets, **changed})
