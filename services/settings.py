"""Everything an operator may set, in the environment or in a TOML file.

A setting ``listen_port`` is the variable ``FANZHA_LISTEN_PORT`` or the line ``listen_port = …`` of
the file; the variable wins. No name ends in ``_HOST`` or ``_PORT`` alone, because Kubernetes sets
``FANZHA_PORT`` and the like for a service called fanzha. `services.configuration` reads them.
"""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

PREFIX = "FANZHA_"
CONFIG_VARIABLE = "FANZHA_CONFIG"
"""Names the TOML file."""
OTHER_VARIABLES = (
    *("FANZHA_TARGET", "FANZHA_ADMIN_TARGET", "FANZHA_WORKER_NAME"),
    *("FANZHA_TOKEN", "FANZHA_TOKEN_FILE"),
    *("FANZHA_TLS_CA", "FANZHA_TLS_CLIENT_CERTIFICATE", "FANZHA_TLS_CLIENT_KEY"),
)
"""What commands and clients that ask a server read, and what a parent tells its children."""

Port = Annotated[int, Field(ge=0, le=65535)]
Threshold = Annotated[float, Field(gt=0, le=1)]


class Settings(BaseSettings):
    """The settings of one process. Immutable."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True
    )

    redis_url: str | None = Field(
        default=None,
        description="Redis or Valkey: redis://, rediss:// or unix://, or redis+cluster:// and "
        "rediss+cluster:// for a cluster. Unset: an embedded Valkey in the data directory.",
    )
    embedded_port: Port | None = Field(
        default=None, description="Loopback port of the embedded Valkey. Unset: a free one."
    )
    data_dir: Path = Field(
        default=Path("data"),
        description="Where the list file, metrics pages and embedded Valkey live.",
    )
    listen_host: str = Field(
        default="127.0.0.1",
        description="Address that decisions are served on; 0.0.0.0 or :: for all. Without "
        "tls_certificate, keep it inside the signalling network.",
    )
    listen_port: Port = Field(
        default=7361, description="Port that decisions are served on; 0: a free one."
    )
    admin_host: str = Field(
        default="127.0.0.1",
        description="Address of list administration; only loopback without tls_certificate "
        "and a way to know who asks.",
    )
    admin_port: Port = Field(
        default=7362, description="Port of list administration; 0: a free one."
    )
    metrics_enabled: bool = Field(default=True, description="Whether to count and serve metrics.")
    metrics_host: str = Field(default="127.0.0.1", description="Address of the Prometheus page.")
    metrics_port: Port = Field(
        default=7363, description="Port of the Prometheus page; 0: a free one."
    )
    tls_certificate: Path | None = Field(
        default=None,
        description="PEM file: the server's certificate, then those between it and its authority. "
        "Set, both gRPC ports speak TLS only. Taken anew when it changes, as are the next two.",
    )
    tls_key: Path | None = Field(default=None, description="PEM file: its private key.")
    tls_client_ca: Path | None = Field(
        default=None,
        description="PEM file: authorities of client certificates. Set, a client must show one; "
        "identities_file says whom it speaks for.",
    )
    tls_client_ports: Literal["both", "decisions", "admin"] = Field(
        default="both",
        description="Ports that ask for a client certificate, where tls_client_ca is set.",
    )
    identities_file: Path | None = Field(
        default=None,
        description="TOML file: names, roles and reach of client certificates, and revoked tokens. "
        "Read anew when it changes.",
    )
    jwks_file: Path | None = Field(
        default=None,
        description="JWKS file: public keys, Ed25519 or RSA, that tokens are signed with. Read "
        "anew when it changes. Without it and identities_file, nobody is asked who they are.",
    )
    token_issuer: str = Field(
        default="", description="Who signs tokens, their claim iss; required with jwks_file."
    )
    token_audience: str = Field(
        default="fanzha", description="Whom tokens are for: must be in their claim aud."
    )
    workers: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=1,
        le=256,
        description="Worker processes that decide. Unset: one per core.",
    )
    home_country: str = Field(
        default="86",
        pattern=r"^[1-9][0-9]{0,2}$",
        description="Country code of the home numbering plan, which reads numbers without a plus.",
    )
    call_threshold: Threshold | None = Field(
        default=None,
        description="Score from which a call is blocked. Unset: that of the model's card. Callers "
        "with fewer than 32 calls stay under it, whatever it is.",
    )
    text_threshold: Threshold | None = Field(
        default=None,
        description="Score from which a text is blocked. Unset: that of the model's card.",
    )
    link_threshold: Threshold | None = Field(
        default=None,
        description="Score from which a link is blocked. Unset: that of the model's card.",
    )
    block_spam: bool = Field(
        default=False,
        description="Whether to block texts that are unwanted advertising but no fraud.",
    )
    spam_threshold: Threshold | None = Field(
        default=None,
        description="Probability of spam from which block_spam blocks. Unset: that of the "
        "model's card.",
    )
    second_look_share: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="Share of a worker's time for second looks at texts whose score is uncertain, "
        "where the text model knows how; 0: none, and the sentence encoder is not loaded.",
    )
    moment_action: Literal["off", "mark", "block"] = Field(
        default="mark",
        description="What to do with a call whose moment reaches its threshold. The model learnt "
        "from a simulation: mark lets the call through, counted and written to suspected hits.",
    )
    moment_threshold: Threshold | None = Field(
        default=None,
        description="Score from which a call's moment is suspicious. Unset: that of the card.",
    )
    block_implausible_callers: bool = Field(
        default=True,
        description="Whether to block calling numbers that cannot exist or are forged.",
    )
    models_dir: Path | None = Field(
        default=None, description="Folder of model bundles. Unset: those of the package."
    )
    activity_slots: int = Field(
        default=2**20, description="Callers whose behaviour is remembered; a power of two."
    )
    max_message_bytes: int = Field(
        default=36 * 2**20,
        ge=64 * 2**10,
        le=2**30,
        description="Largest gRPC message. A batch of 4096 texts of 8 KiB takes 32 MiB and its "
        "other fields; the default leaves 4 MiB for those.",
    )
    bulk_texts: int = Field(
        default=5_000,
        ge=256,
        le=10**9,
        description="Near-duplicates of one text, in a worker and about an hour, from which they "
        "are a campaign: told in the log once, and by `fanzha campaigns`.",
    )
    max_connection_requests: int = Field(
        default=128,
        ge=1,
        le=100_000,
        description="Requests that one connection may have under way; gRPC libraries keep more "
        "of them waiting on their own side.",
    )
    max_line_requests: int = Field(
        default=64,
        ge=1,
        le=100_000,
        description="Requests of all connections that wait for a worker to accept them. It cuts "
        "off what comes beyond: some up to a quarter more, then all, which end as CANCELLED.",
    )
    max_wait_ms: int = Field(
        default=500,
        ge=1,
        le=60_000,
        description="A request for decisions that would wait longer in this worker, or beyond its "
        "own deadline, is refused at once: RESOURCE_EXHAUSTED, with a time to retry after.",
    )
    hit_buffer_rows: int = Field(
        default=100_000,
        ge=4096,
        le=10_000_000,
        description="Hits that may wait in each worker; beyond, the oldest are dropped, counted.",
    )
    hit_flush_ms: int = Field(
        default=200,
        ge=1,
        le=60_000,
        description="Milliseconds between writes of hits to the stream.",
    )
    hit_stream_rows: int = Field(
        default=1_000_000,
        ge=1000,
        description="Entries each hit stream keeps, about; the oldest go first.",
    )
    decision_days: int = Field(
        default=30,
        ge=1,
        le=3650,
        description="Days a blocked decision is kept, so that it can be confirmed or dismissed.",
    )
    decision_log_enabled: bool = Field(
        default=True, description="Whether decisions are logged: docs/decision-log.md."
    )
    decision_log_dir: Path | None = Field(
        default=None,
        description="Folder of the decision log; several hosts may share a mount. Unset: "
        "decisions, in the data directory.",
    )
    decision_log_allowed_one_in: int = Field(
        default=100,
        ge=0,
        le=1_000_000,
        description="Of what is let through without a mark, log one decision in so many; 0: "
        "none, 1: all. What is blocked or marked is always logged.",
    )
    decision_log_ends_one_in: int = Field(
        default=1,
        ge=0,
        le=1_000_000,
        description="Log the ended calls of one pair of numbers in so many; 0: none. Previews "
        "tell from them who is in good standing.",
    )
    decision_log_watched: Path | None = Field(
        default=None,
        description="File of numbers, one a line, whose decisions are all logged; read anew when "
        "it changes. It may not be there yet.",
    )
    decision_log_texts: bool = Field(
        default=False, description="Whether what texts say is logged, too."
    )
    decision_log_days: int = Field(
        default=180,
        ge=1,
        le=3650,
        description="Days that logged decisions are kept, unless a setting of the channel says "
        "otherwise.",
    )
    decision_log_call_days: int | None = Field(
        default=None, ge=1, le=3650, description="Days for calls."
    )
    decision_log_text_days: int | None = Field(
        default=None, ge=1, le=3650, description="Days for texts, without what they say."
    )
    decision_log_link_days: int | None = Field(
        default=None, ge=1, le=3650, description="Days for links."
    )
    decision_log_ends_days: int = Field(
        default=7,
        ge=1,
        le=3650,
        description="Days that ends of calls are kept: who talked to whom, and how long.",
    )
    decision_log_content_days: int = Field(
        default=30, ge=1, le=3650, description="Days that what texts say is kept."
    )
    decision_log_max_bytes: int = Field(
        default=50 * 2**30,
        ge=64 * 2**20,
        description="Largest size of the decision log; beyond, the oldest hours go first. "
        "Ends of calls may take half of it.",
    )
    decision_log_buffer_rows: int = Field(
        default=200_000,
        ge=4096,
        le=10_000_000,
        description="Rows that may wait in each worker for the decision log, and as many ends of "
        "calls; beyond, new ones are dropped, counted.",
    )
    decision_log_flush_seconds: float = Field(
        default=5.0,
        ge=0.05,
        le=600,
        description="Seconds between segments of the decision log, after which a decision can be "
        "found.",
    )
    decision_log_query_memory: str = Field(
        default="1GB",
        pattern=r"^[1-9][0-9]*(MB|GB)$",
        description="Memory for questions to the decision log; beyond, its folder is used.",
    )
    drain_seconds: float = Field(
        default=10.0,
        ge=0,
        le=600,
        description="Seconds to finish requests and write hits at the end.",
    )
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
    warning_enabled: bool = Field(
        default=True, description="Whether `fanzha up` also runs the warning pipeline."
    )
    warning_host: str = Field(
        default="127.0.0.1",
        description="Address that warnings are sent to, by gRPC and HTTP; only loopback without "
        "tls_certificate and a way to know who asks.",
    )
    warning_port: Port = Field(
        default=7365, description="gRPC port of the warning pipeline; 0: a free one."
    )
    warning_http_port: Port | None = Field(
        default=None,
        description="Port that takes warnings as CloudEvents over HTTP, on warning_host; 0: a "
        "free one. Unset: none is taken so.",
    )
    warning_metrics_port: Port = Field(
        default=7366,
        description="Port of the Prometheus page of the warning pipeline, on metrics_host; 0: a "
        "free one.",
    )
    warning_drop_dir: Path | None = Field(
        default=None,
        description="Folder with one folder a source, `<kind>-<name>`, whose CSV files are taken "
        "in as warnings: docs/warnings.md. Unset: none.",
    )
    warning_most_age_hours: int = Field(
        default=72,
        ge=1,
        le=24 * 366,
        description="Hours after which a hit or a warning is too old to warn anybody of.",
    )
    warning_retention_days: int = Field(
        default=730,
        ge=1,
        le=36_500,
        description="Days after a case was closed until all of it is forgotten.",
    )
    warning_claim_ms: int = Field(
        default=30_000,
        ge=500,
        le=3_600_000,
        description="Milliseconds after which another process takes over what one held and left; "
        "longer than a batch takes.",
    )
    warning_standing_floor: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="Standing of a list entry under which its removal is proposed, "
        "docs/outcomes.md. 0: never.",
    )
    warning_standing_cases: int = Field(
        default=5,
        ge=1,
        le=100_000,
        description="Closed cases that must speak for or against a list entry before its removal "
        "is proposed, and false alarms before it is proposed again.",
    )
    warning_loss_entry_days: int = Field(
        default=180,
        ge=1,
        le=3650,
        description="Days until a list entry ends that is proposed because money was lost.",
    )
    warning_policy_file: Path | None = Field(
        default=None,
        description="TOML file: the policy that gives cases their tiers, docs/warning-policy.md. "
        "Unset: that of the package.",
    )
    warning_groups_file: Path | None = Field(
        default=None,
        description="CSV file of kind, value, group: vulnerable people, industries and key regions "
        "that the policy looks at. Unset: none.",
    )
    warning_regions_file: Path | None = Field(
        default=None,
        description="CSV file of number, province, city, county: numbers and leading digits whose "
        "region is known better than the public table has it. Unset: none.",
    )
    warning_counties_file: Path | None = Field(
        default=None,
        description="CSV file of city, county, weight: how a city's cases are spread over its "
        "counties. Unset, and in cities without a row: its dispatcher decides.",
    )
    warning_templates_dir: Path | None = Field(
        default=None,
        description="Folder of warning templates of one's own, such as templates-2.zh.toml. Unset: "
        "those of the package.",
    )
    warning_language: Literal["zh", "en"] = Field(default="zh", description="Language of warnings.")
    warning_quiet_from: str = Field(
        default="22:00",
        description="When quiet hours begin: no SMS and no voice warning then. The same as their "
        "end: there are none.",
    )
    warning_quiet_until: str = Field(default="08:00", description="When quiet hours end.")
    warning_quiet_broken_from: Literal["none", "low", "medium", "high"] = Field(
        default="high", description="Lowest tier whose warnings go out in quiet hours too."
    )
    warning_utc_offset_hours: float = Field(
        default=8,
        ge=-12,
        le=14,
        description="Hours that the clock of the people who are warned is ahead of UTC.",
    )
    warning_person_day: int = Field(
        default=3,
        ge=0,
        le=1000,
        description="SMS and voice warnings of the tiers low and medium that a person is sent on a "
        "day, at most; 0: any number.",
    )
    warning_person_day_high: int = Field(
        default=10,
        ge=0,
        le=1000,
        description="SMS and voice warnings after which a person is sent no more of the tier high "
        "on that day either; 0: any number.",
    )
    warning_person_campaign: int = Field(
        default=6,
        ge=0,
        le=1000,
        description="SMS and voice warnings that a person is sent about one campaign, at most; 0: "
        "any number.",
    )
    warning_opt_out: str = Field(
        default="advice",
        description="Kinds of warnings that a person may opt out of, with commas: advice (tier "
        "low), warning (medium). Nobody opts out of emergencies. Empty: none.",
    )
    warning_test_mode: bool = Field(
        default=False,
        description="Whether every warning goes to the sink, the stream fanzha:warning:sink, "
        "instead of the person: for trials.",
    )
    warning_claims_on_disk: bool = Field(
        default=True,
        description="Whether a claim is on the disk of the store before its warning goes out. "
        "Waits up to a second; without it, a power cut of the store may let one go out twice.",
    )
    warning_smpp_address: str = Field(
        default="",
        pattern=r"^(\S+:[0-9]+)?$",
        description="Message centre for SMS, `name:port`. Unset: SMS warnings wait.",
    )
    warning_smpp_tls: bool = Field(
        default=False, description="Whether the message centre speaks TLS."
    )
    warning_smpp_system_id: str = Field(
        default="", max_length=15, description="Who we are to the message centre."
    )
    warning_smpp_password_file: Path | None = Field(
        default=None, description="File with our password at the message centre, 8 characters."
    )
    warning_smpp_system_type: str = Field(
        default="", max_length=12, description="System type, where the message centre wants one."
    )
    warning_smpp_source: str = Field(
        default="96110",
        max_length=20,
        description="Whom SMS warnings are from: a service code, number or name.",
    )
    warning_smpp_window: int = Field(
        default=32, ge=1, le=1000, description="SMS parts under way to the message centre at once."
    )
    warning_smpp_per_second: float = Field(
        default=100, gt=0, le=100_000, description="SMS parts a second, at most."
    )
    warning_webhook_url: str = Field(
        default="",
        description="Endpoint that takes the warnings of warning_webhook_channels as CloudEvents.",
    )
    warning_webhook_channels: str = Field(
        default="voice",
        pattern=r"^(sms|voice|in_person)(,(sms|voice|in_person))*$",
        description="Channels whose warnings go to warning_webhook_url, with commas between.",
    )
    warning_webhook_secrets_file: Path | None = Field(
        default=None,
        description="File with secrets of the webhook, whsec_ and base64, a line each. Each signs.",
    )
    warning_webhook_private: bool = Field(
        default=False, description="Whether the webhook may have a private address."
    )
    warning_kafka_servers: str = Field(
        default="",
        description="Kafka brokers, `name:port` with commas between, for the warnings of "
        "warning_kafka_channels; needs the extra kafka.",
    )
    warning_kafka_topic: str = Field(
        default="fanzha.warnings", min_length=1, description="Topic of these warnings."
    )
    warning_kafka_channels: str = Field(
        default="voice",
        pattern=r"^(sms|voice|in_person)(,(sms|voice|in_person))*$",
        description="Channels whose warnings go to Kafka, with commas between; a webhook comes "
        "first.",
    )
    warning_kafka_options_file: Path | None = Field(
        default=None,
        description="File with options of librdkafka, `name=value` a line, such as for TLS and "
        "SASL.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe log lines that are written."
    )
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto",
        description="How log lines look; auto: JSON when standard error is no terminal.",
    )

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, url: str | None) -> str | None:
        schemes = ("redis://", "rediss://", "unix://", "redis+cluster://", "rediss+cluster://")
        if url is not None and not url.startswith(schemes):
            raise ValueError(f"must start with one of {', '.join(schemes)}")
        return url

    @field_validator("activity_slots")
    @classmethod
    def _is_power_of_two(cls, slots: int) -> int:
        if not 2**10 <= slots <= 2**28 or slots & (slots - 1):
            raise ValueError("must be a power of two from 1024 to 268435456")
        return slots

    @field_validator("models_dir", "appeal_notices_dir", "warning_templates_dir")
    @classmethod
    def _is_folder(cls, folder: Path | None) -> Path | None:
        if folder is not None and not folder.is_dir():
            raise ValueError("is no folder")
        return folder

    @field_validator(
        "tls_certificate",
        "tls_key",
        "tls_client_ca",
        "identities_file",
        "jwks_file",
        "popular_hosts_file",
        "warning_policy_file",
        "warning_groups_file",
        "warning_regions_file",
        "warning_counties_file",
    )
    @classmethod
    def _is_file(cls, file: Path | None) -> Path | None:
        if file is not None and not file.is_file():
            raise ValueError("is no file")
        return file

    @model_validator(mode="after")
    def _identities_fit(self) -> "Settings":
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key: both are needed, or none")
        if self.tls_client_ca is not None and self.tls_certificate is None:
            raise ValueError("tls_client_ca: client certificates need tls_certificate and tls_key")
        if self.jwks_file is not None and not self.token_issuer:
            raise ValueError("token_issuer: required with jwks_file")
        if self.tls_client_ca is not None and not self.asks_who:
            raise ValueError(
                "tls_client_ca: nobody would have a role without identities_file or jwks_file"
            )
        if self.identities_file is not None and not (self.tls_client_ca or self.jwks_file):
            raise ValueError("identities_file: nobody could be known without tls_client_ca")
        return self

    @property
    def asks_who(self) -> bool:
        """Whether who calls must be known; otherwise everybody is the developer."""
        return self.identities_file is not None or self.jwks_file is not None

    @model_validator(mode="after")
    def _ports_differ(self) -> "Settings":
        sockets = {
            "listen_port": (self.listen_host, self.listen_port),
            "admin_port": (self.admin_host, self.admin_port),
            "metrics_port": (self.metrics_host, self.metrics_port),
            "admin_metrics_port": (self.metrics_host, self.admin_metrics_port),
            "warning_port": (self.warning_host, self.warning_port),
            "warning_http_port": (self.warning_host, self.warning_http_port or 0),
            "warning_metrics_port": (self.metrics_host, self.warning_metrics_port),
        }
        taken: dict[tuple[str, int], str] = {}
        for name, address in sockets.items():
            if address[1] and address in taken:
                raise ValueError(f"{name} is that of {taken[address]}: {address[1]}")
            taken[address] = name
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take the constructor first, then variables, then the file."""
        path = os.environ.get(CONFIG_VARIABLE)
        try:
            file = (TomlConfigSettingsSource(settings_cls, Path(path)),) if path else ()
        except (OSError, ValueError):
            file = ()  # `services.configuration` says what is wrong with it
        return (init_settings, env_settings, *file)
