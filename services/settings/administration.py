"""Lists, changes to them, appeals and the audit log."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from services.settings.decision_log import DecisionLogSettings
from services.settings.types import Port


class AdministrationSettings(DecisionLogSettings):
    """Lists, changes to them, appeals and the audit log."""

    default_expiry_days: int = Field(
        default=365,
        ge=1,
        le=3650,
        description="Days until a list entry expires that was added without a date.",
    )
    admin_metrics_port: Port = Field(
        default=7364,
        description="Port of the Prometheus page of list administration, on metrics_host; 0: a "
        "free one.",
    )
    appeal_deadline_hours: int = Field(
        default=72,
        ge=1,
        le=8760,
        description="Hours within which an appeal has to be decided; the law says in time.",
    )
    appeal_allow_days: int = Field(
        default=180,
        ge=1,
        le=3650,
        description="Days until an allow entry ends that an upheld appeal adds.",
    )
    appeal_retention_days: int = Field(
        default=730,
        ge=1,
        le=36500,
        description="Days after an appeal was closed until what is personal of it is erased: "
        "names, contacts, grounds, documents, the number; what is counted stays.",
    )
    appeal_document_bytes: int = Field(
        default=4 * 2**20,
        ge=0,
        le=2**28,
        description="Largest document of an appeal whose content is kept here; 0: none, their "
        "names and SHA-256 only. All documents of a request share max_message_bytes.",
    )
    appeal_notices_dir: Path | None = Field(
        default=None,
        description="Folder of your own words.toml and templates of notices, which outrank those "
        "of the package. Unset: general words, true of any carrier in China.",
    )
    audit_dir: Path | None = Field(
        default=None,
        description="Folder of the audit log, written by list administration. Unset: `audit` in "
        "the data directory.",
    )
    audit_key_file: Path | None = Field(
        default=None,
        description="Private key (Ed25519, PEM, mode 0600) that signs checkpoints of the audit "
        "log; made at the first start. Unset: `key` in its folder.",
    )
    audit_checkpoint_records: int = Field(
        default=100,
        ge=1,
        le=100_000,
        description="Records of the audit log that one checkpoint covers, at most.",
    )
    audit_checkpoint_seconds: float = Field(
        default=60.0,
        gt=0,
        le=86_400,
        description="Seconds without a record after which a checkpoint covers those there are.",
    )
    audit_public_keys_file: Path | None = Field(
        default=None,
        description="Public keys (PEM) that seals of changes to the lists are checked with: a copy "
        "of `key.pub` of the audit log, on hosts that only decide. Unset: `key.pub` beside "
        "audit_key_file; where there is none, nothing is checked.",
    )
    unaudited_changes: Literal["apply", "refuse"] = Field(
        default="apply",
        description="What to do with a change to the lists that list administration has not "
        "sealed, so that the audit log knows nothing of it: apply and say it, or refuse it and "
        "keep the last audited lists.",
    )
    permanent_entries_need_review: bool = Field(
        default=True,
        description="Whether a list entry may have no end only if it has a date of review.",
    )
    dead_entry_days: int = Field(
        default=180,
        ge=1,
        le=3650,
        description="Days without a match after which a list entry counts as dead, and may be "
        "proposed for removal.",
    )
    second_person: Literal["by_identity", "always", "off"] = Field(
        default="by_identity",
        description="Whether changes to the lists may need a second person: by_identity where "
        "who asks is checked, always also in development, where anybody says any name, or off.",
    )
    approval_impact_threshold: int = Field(
        default=100,
        ge=0,
        description="Events, or parties, of the last hours that a change to the lists may have "
        "decided otherwise without a second person; where that is not known, one is needed.",
    )
    impact_preview_hours: int = Field(
        default=24,
        ge=1,
        le=24 * 366,
        description="Hours of the decision log that a change to the lists is previewed against.",
    )
    popular_hosts_file: Path | None = Field(
        default=None,
        description="Text file of popular hosts, one a line, the most visited first; to block "
        "one takes a second person. Unset: popularity is unknown, and said to be.",
    )
    popular_host_rank: int = Field(
        default=100_000,
        ge=1,
        description="A host of popular_hosts_file is popular up to this line.",
    )
    emergency_hours: float = Field(
        default=24,
        ge=0.001,
        le=24 * 7,
        description="Hours after which entries of an emergency end that nobody confirmed.",
    )
    change_retention_days: int = Field(
        default=730,
        ge=1,
        le=36_500,
        description="Days the rows of a finished change request are kept, with which it can be "
        "undone and past versions rebuilt; its record is kept for good.",
    )
