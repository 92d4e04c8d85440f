"""What is pulled, from where, how often, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from blocklists.entries import Source
from fanzha.fraud import FraudType
from services.sources.reports.rules import ReportRules

_DEFAULT_DAYS = 180
"""Of entries whose end the service chooses, which is a year unless it is set."""


class Connector(StrEnum):
    """How a source is reached."""

    HTTPS = "https"
    SFTP = "sftp"
    FOLDER = "folder"


class Brings(StrEnum):
    """What the files of a source hold."""

    ENTRIES = "entries"
    """List entries: each file becomes a change request."""
    WARNINGS = "warnings"
    """Warnings about people at risk, as in the drop folder."""
    REPORTS = "reports"
    """What people reported as spam or fraud, at 12321 or in an app."""


class AfterPull(StrEnum):
    """What becomes of a file at its source once it was taken."""

    LEAVE = "leave"
    MOVE = "move"
    ACKNOWLEDGE = "acknowledge"
    """An empty file beside it, with ``.ok`` added to its name."""


class PullOutcome(StrEnum):
    """What became of one file."""

    DELIVERED = "delivered"
    """It was taken; of list entries, the change may wait for a second person."""
    UNCHANGED = "unchanged"
    """The source has nothing new."""
    HELD = "held"
    """It is too unlike the last good one: nothing was applied until somebody accepts it."""
    REFUSED = "refused"
    """It is no file of this kind; nothing was applied."""
    FAILED = "failed"
    """The source could not be reached, or broke off: it is tried again."""
    WAITING = "waiting"
    """An earlier change of this source is still open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessSecrets:
    """Files with credentials; each is read anew for each pull."""

    token_file: Path | None = None
    """A bearer token, of HTTPS."""
    user: str = ""
    password_file: Path | None = None
    key_file: Path | None = None
    """A private key: of the client certificate, or of SSH."""
    certificate_file: Path | None = None
    """A client certificate (PEM), of HTTPS."""
    ca_file: Path | None = None
    """The authorities that HTTPS servers are verified by, in place of the system's."""
    host_keys: tuple[str, ...] = ()
    """Public keys of the SFTP server, as OpenSSH writes them; no other key is accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullLimits:
    """Bounds of one file."""

    most_bytes: int = 256 * 2**20
    most_rows: int = 2_000_000
    seconds: float = 600.0
    """For the whole of a pull."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityLimits:
    """What a file may differ from the last good one by; 0: any."""

    most_refused_percent: int = 20
    most_shrink_percent: int = 50
    most_growth_percent: int = 300
    least_rows: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DropTerms:
    """How files are taken from a folder, at SFTP or here."""

    files: str = "*"
    """Pattern of names, as a shell writes them."""
    after: AfterPull = AfterPull.LEAVE
    move_to: str = "done"
    """Folder, below that of the files."""
    settle_seconds: float = 5.0
    """A file is taken once its size and time have not changed for so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryTerms:
    """What entries of a source are, where its files do not say."""

    format_: str = ""
    """As `fanzha blocklist import --format`; empty: as it looks."""
    encoding: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    """What columns hold, by their names."""
    reason: str = ""
    legal_basis: str = ""
    fraud_type: FraudType = FraudType.UNSPECIFIED
    campaign: str = ""
    region: str = ""
    """Code of the region that entries are of; empty: of all."""
    expires_days: int = 0
    """0: the default of the service."""
    replace: bool = False
    """Whether it may replace entries of other sources."""

    @property
    def renewal_seconds(self) -> float:
        """The time after which entries of unchanged contents are renewed."""
        return (self.expires_days or _DEFAULT_DAYS) * 86_400 / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSource:
    """A source, as the file of sources defines it."""

    name: str
    connector: Connector
    address: str
    brings: Brings
    source: Source
    """Whose it is, for entries and warnings."""
    every_seconds: float
    expected_lag_seconds: float
    """The time after the last good pull that is still in order."""
    secrets: AccessSecrets = AccessSecrets()
    networks: tuple[str, ...] = ()
    """Networks that are not public and may be reached."""
    limits: PullLimits = PullLimits()
    quality: QualityLimits = QualityLimits()
    drop: DropTerms = DropTerms()
    entries: EntryTerms = EntryTerms()
    reports: ReportRules = field(default_factory=ReportRules)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """The file of sources, read."""

    sources: Mapping[str, DataSource]
    reporter_key_file: Path | None = None
    """Secret that names of reporters are hashed with, the same on all hosts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRecord:
    """One pull, as it is kept and audited."""

    at_ms: int
    outcome: PullOutcome
    why: str = ""
    """A `Message`; empty where there is nothing to say."""
    file: str = ""
    """Name at the source."""
    sha256: str = ""
    size: int = 0
    """In bytes."""
    rows: int = 0
    results: Mapping[str, int] = field(default_factory=dict)
    """Rows by what became of them."""
    change_id: int = 0
    by: str = ""
    """Who asked for it; empty: the schedule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """What is known of a source between pulls."""

    since_ms: int
    """When it was first seen."""
    tried_ms: int = 0
    due_ms: int = 0
    failures: int = 0
    """In a row."""
    good_ms: int = 0
    """The last pull that was in order, also one that brought nothing new."""
    good_rows: int = 0
    """Of the last file that was delivered."""
    good_sha256: str = ""
    delivered_ms: int = 0
    """When a file was last delivered, also one that was delivered before."""
    changed_ms: int = 0
    """When contents last changed."""
    settled_sha256: str = ""
    """The last file of an HTTPS source, whatever became of it."""
    settled_outcome: str = ""
    held: tuple[str, ...] = ()
    """SHA-256 of the files that wait until somebody accepts them, the latest last."""
    etag: str = ""
    last_modified: str = ""
    change_id: int = 0
    """The last change request that it made."""
    last: PullRecord | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """Somebody wants a source pulled now."""

    by: str
    at_ms: int
    accept_sha256: str = ""
    """A held file that may be delivered nevertheless."""
    reason: str = ""
