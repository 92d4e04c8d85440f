"""Settings of the warning pipeline: intake, policy, limits."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from services.settings.administration import AdministrationSettings
from services.settings.types import Port

_CLOCK = r"^([01]?[0-9]|2[0-3]):[0-5][0-9]$"


class WarningSettings(AdministrationSettings):
    """Settings of the warning pipeline: intake, policy, limits."""

    warning_enabled: bool = Field(
        default=True, description="Whether `fanzha up` also runs the warning pipeline."
    )
    warning_host: str = Field(
        default="127.0.0.1",
        description="Address of warning intake by gRPC and HTTP; other than loopback it needs "
        "tls_certificate and authentication (identities_file or jwks_file).",
    )
    warning_port: Port = Field(
        default=7365, description="gRPC port of the warning pipeline; 0: a free one."
    )
    warning_http_port: Port | None = Field(
        default=None,
        description="Port for warnings as CloudEvents over HTTP, on warning_host; 0: a free one. "
        "Unset: off.",
    )
    warning_metrics_port: Port = Field(
        default=7366,
        description="Port of the Prometheus endpoint of the warning pipeline, on metrics_host; 0: "
        "a free one.",
    )
    warning_drop_dir: Path | None = Field(
        default=None,
        description="Folder with one folder per source, `<kind>-<name>`, whose CSV files are read "
        "as warnings: docs/how-to/warnings.md. Unset: off.",
    )
    warning_max_age_hours: int = Field(
        default=72,
        ge=1,
        le=24 * 366,
        description="Hours after which a hit or an incoming warning is too old to open a case.",
    )
    warning_retention_days: int = Field(
        default=730,
        ge=1,
        le=36_500,
        description="Days after a case was closed until it is deleted.",
    )
    warning_claim_ms: int = Field(
        default=30_000,
        ge=500,
        le=3_600_000,
        description="Milliseconds after which another process claims stream entries that one left "
        "unacknowledged; longer than a batch takes.",
    )
    warning_reliability_floor: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="Reliability of a list entry below which its removal is proposed, "
        "docs/how-to/outcomes.md. 0: never.",
    )
    warning_reliability_cases: int = Field(
        default=5,
        ge=1,
        le=100_000,
        description="Informative cases of a list entry required before its removal "
        "is proposed, and false alarms before it is proposed again.",
    )
    warning_loss_entry_days: int = Field(
        default=180,
        ge=1,
        le=3650,
        description="Days until a list entry proposed after a loss of money expires.",
    )
    warning_policy_file: Path | None = Field(
        default=None,
        description="TOML file: the policy that assigns tiers to cases: "
        "docs/how-to/warning-policy.md. Set, it wins over what is approved with "
        "`fanzha warnings policy` and in the console. Unset: that, else the policy of the package.",
    )
    warning_groups_file: Path | None = Field(
        default=None,
        description="CSV file of kind, value, group: vulnerable people, industries and key regions "
        "that the policy matches. Unset: none.",
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
        description="Folder of your own warning templates, such as templates-2.zh.toml. Unset: "
        "the templates of the package.",
    )
    warning_correction_channels: str = Field(
        default="sms",
        pattern=r"^((sms|voice)(,(sms|voice))*)?$",
        description="Channels by which people who were warned of a wrong entry get a correction, "
        "such as `sms,voice`; empty: none. Own texts: corrections-1.zh.toml in "
        "warning_templates_dir.",
    )
    warning_correction_tier: Literal["low", "medium", "high"] = Field(
        default="low", description="The lowest tier whose warnings are corrected."
    )
    warning_language: Literal["zh", "en"] = Field(default="zh", description="Language of warnings.")
    warning_quiet_from: str = Field(
        default="22:00",
        pattern=_CLOCK,
        description="Start of quiet hours (local time), without SMS and voice warnings. Equal to "
        "warning_quiet_until: no quiet hours.",
    )
    warning_quiet_until: str = Field(
        default="08:00", pattern=_CLOCK, description="End of quiet hours (local time)."
    )
    warning_quiet_override_tier: Literal["none", "low", "medium", "high"] = Field(
        default="high", description="Lowest tier whose warnings are sent in quiet hours, too."
    )
    warning_utc_offset_hours: float = Field(
        default=8,
        ge=-12,
        le=14,
        description="Offset from UTC, in hours, of the local time of warned people.",
    )
    warning_person_daily_limit: int = Field(
        default=3,
        ge=0,
        le=1000,
        description="Most SMS and voice warnings of the tiers low and medium per person and day; "
        "0: no limit.",
    )
    warning_person_daily_limit_high: int = Field(
        default=10,
        ge=0,
        le=1000,
        description="Most SMS and voice warnings per person and day before those of the tier high "
        "are stopped, too; 0: no limit.",
    )
    warning_person_campaign_limit: int = Field(
        default=6,
        ge=0,
        le=1000,
        description="Most SMS and voice warnings per person about one campaign; 0: no limit.",
    )
    warning_opt_out: str = Field(
        default="advice",
        description="Comma-separated kinds of warnings that a person may opt out of: advice (tier "
        "low), warning (medium). Emergencies (high) have no opt-out. Empty: none.",
    )
    warning_test_mode: bool = Field(
        default=False,
        description="Whether every warning goes to the sink, the stream fanzha:warning:sink, "
        "instead of the person: for trials.",
    )
    warning_claims_on_disk: bool = Field(
        default=True,
        description="Whether a claim is durable in Redis (fsync) before its warning is sent. Adds "
        "up to a second; without it, a power loss of Redis may send a warning twice.",
    )
    warning_backfill_mode: Literal["off", "propose", "start"] = Field(
        default="propose",
        description="What happens when an entry that names a kind of fraud begins to block. "
        "off: nothing. propose: the persons it had reached are counted, and the backfill waits for "
        "an operator. start: it starts by itself if the persons are few and the count is complete. "
        "See docs/how-to/backfill.md.",
    )
    warning_backfill_start_max_people: int = Field(
        default=100,
        ge=1,
        le=200_000,
        description="Most persons of a backfill that starts by itself; larger ones wait for an "
        "operator.",
    )
    warning_backfill_max_entries: int = Field(
        default=50,
        ge=1,
        le=1000,
        description="Most entries of one change that a backfill covers. A change of more, such as "
        "a whole list, is listed as left and not looked for.",
    )
    warning_backfill_days: int = Field(
        default=7,
        ge=1,
        le=180,
        description="Days before an entry began to block in which the persons it reached are "
        "looked for.",
    )
