"""Settings of lists, change requests, appeals and the audit log."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from services.settings.hit_topic import HitTopicSettings
from services.settings.types import FRAUD_TYPES_OF_SOURCES, Port


class AdministrationSettings(HitTopicSettings):
    """Settings of lists, change requests, appeals and the audit log."""

    default_expiry_days: int = Field(
        default=365,
        ge=1,
        le=3650,
        description="Days until a list entry added without an expiry expires.",
    )
    default_fraud_types: str = Field(
        default="",
        pattern=FRAUD_TYPES_OF_SOURCES,
        description="Kind of fraud of block entries that name none, by source, such as "
        "`carrier=fake_loan,bureau=impersonate_authority`. Without a kind of fraud an entry "
        "blocks, but its hits open no case and warn no one.",
    )
    admin_metrics_port: Port = Field(
        default=7364,
        description="Port of the Prometheus endpoint of list administration, on metrics_host; 0: a "
        "free one.",
    )
    sources_file: Path | None = Field(
        default=None,
        description="TOML file with the sources that lists, warnings and reports are pulled from: "
        "docs/how-to/sources.md. The same for administration and the warning pipeline. None: "
        "nothing is pulled.",
    )
    assessment_units_file: Path | None = Field(
        default=None,
        description="TOML file with the member units that owe tasks and are assessed. None: no "
        "unit is known.",
    )
    assessment_formula_file: Path | None = Field(
        default=None,
        description="TOML file with the formula of the monthly assessment, in place of the "
        "shipped one.",
    )
    incident_stages_file: Path | None = Field(
        default=None,
        description="TOML file with owners and deadlines of the stages of incidents, in place of "
        "the shipped ones.",
    )
    lead_departments_file: Path | None = Field(
        default=None,
        description="TOML file with the departments that receive leads, and what each may see, in "
        "place of the shipped ones.",
    )
    entity_steps_file: Path | None = Field(
        default=None,
        description="TOML file with the steps of the exit of an entity, in place of the shipped "
        "ones. Entities keep the steps that they were registered with.",
    )
    appeal_deadline_hours: int = Field(
        default=72,
        ge=1,
        le=8760,
        description="Hours within which an appeal must be decided; the law says without delay.",
    )
    appeal_allow_days: int = Field(
        default=180,
        ge=1,
        le=3650,
        description="Days until an allow entry added by an upheld appeal expires.",
    )
    appeal_retention_days: int = Field(
        default=730,
        ge=1,
        le=36500,
        description="Days after an appeal was closed until its personal data is erased: names, "
        "contacts, grounds, documents and the number; statistics stay.",
    )
    appeal_document_bytes: int = Field(
        default=4 * 2**20,
        ge=0,
        le=2**28,
        description="Largest stored document of an appeal in bytes; 0: only names and SHA-256 are "
        "stored. All documents of one request share max_message_bytes.",
    )
    appeal_notices_dir: Path | None = Field(
        default=None,
        description="Folder of your own words.toml and notice templates, which override those of "
        "the package. Unset: general wording, valid for any carrier in China.",
    )
    audit_dir: Path | None = Field(
        default=None,
        description="Folder of the audit log, written by list administration. Unset: `audit` in "
        "data_dir.",
    )
    audit_key_file: Path | None = Field(
        default=None,
        description="Private key (Ed25519, PEM, mode 0600) that signs checkpoints of the audit "
        "log; created at the first start. Unset: `key` in its folder.",
    )
    audit_anchor_dir: Path | None = Field(
        default=None,
        description="Second folder that every checkpoint of the audit log is appended to, on a "
        "volume that those who can change the log cannot shorten; it reveals that the end of the "
        "log was cut off, also without Redis. Unset: none.",
    )
    audit_checkpoint_records: int = Field(
        default=100,
        ge=1,
        le=100_000,
        description="Most audit records between two checkpoints.",
    )
    audit_checkpoint_seconds: float = Field(
        default=60.0,
        gt=0,
        le=86_400,
        description="Seconds without a new audit record after which a checkpoint is written.",
    )
    audit_public_keys_file: Path | None = Field(
        default=None,
        description="Public keys (PEM) that verify the seals of list changes: a copy of the audit "
        "log's `key.pub`, on hosts that only decide. Unset: `key.pub` beside audit_key_file; "
        "without that file, seals are not verified.",
    )
    unaudited_changes: Literal["apply", "refuse"] = Field(
        default="apply",
        description="What to do with a list change without a valid seal, which is missing in the "
        "audit log: apply and report it, or refuse it and keep the last audited lists.",
    )
    permanent_entries_need_review: bool = Field(
        default=True,
        description="Whether a list entry without an expiry needs a review date.",
    )
    dead_entry_days: int = Field(
        default=180,
        ge=1,
        le=3650,
        description="Days without a match after which a list entry counts as dead and may be "
        "proposed for removal.",
    )
    second_person: Literal["by_identity", "always", "off"] = Field(
        default="by_identity",
        description="When large or risky list changes need approval by a second person: "
        "by_identity: if authentication is on; always: also without it; off: never.",
    )
    model_second_person: Literal["by_identity", "always", "off"] = Field(
        default="off",
        description="When a second person has to approve that a model is activated: by_identity: "
        "if authentication is on; always: also without it; off: one person may. A rollback "
        "always takes one.",
    )
    approval_impact_threshold: int = Field(
        default=100,
        ge=0,
        description="Number of logged events, or of parties, that a change may have decided "
        "otherwise without a second person; if it is unknown, a second person is needed.",
    )
    impact_preview_hours: int = Field(
        default=24,
        ge=1,
        le=24 * 366,
        description="Hours of the decision log used to estimate the impact of a change.",
    )
    popular_hosts_file: Path | None = Field(
        default=None,
        description="Text file of popular hosts, one per line, most visited first; blocking one "
        "needs a second person. Unset: popularity is unknown, and previews say so.",
    )
    popular_host_rank: int = Field(
        default=100_000,
        ge=1,
        description="Last line of popular_hosts_file that counts as popular.",
    )
    critical_names_file: Path | None = Field(
        default=None,
        description="CSV file of your own critical names and numbers, which adds to, overrides or "
        "removes those of the package; blocking one needs a second person, or the author's "
        "confirmation where there is none. Read again when it changes. Unset: those of the "
        "package.",
    )
    range_subscribers_limit: int = Field(
        default=10_000,
        ge=1,
        description="Most subscribers that a blocked range may cover without a second person, or "
        "the author's confirmation where there is none.",
    )
    emergency_hours: float = Field(
        default=24,
        ge=0.001,
        le=24 * 7,
        description="Hours until the entries of an unconfirmed emergency expire.",
    )
    change_retention_days: int = Field(
        default=730,
        ge=1,
        le=36_500,
        description="Days the rows of a finished change request are stored, for reverts and past "
        "versions; its record is never deleted.",
    )
