"""The warning pipeline: intake, policy, limits."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from services.settings.administration import AdministrationSettings
from services.settings.types import Port

_CLOCK = r"^([01]?[0-9]|2[0-3]):[0-5][0-9]$"


class WarningSettings(AdministrationSettings):
    """The warning pipeline: intake, policy, limits."""

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
        "in as warnings: docs/how-to/warnings.md. Unset: none.",
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
        description="Days until a list entry ends that is proposed because money was lost.",
    )
    warning_policy_file: Path | None = Field(
        default=None,
        description="TOML file: the policy that gives cases their tiers, "
        "docs/how-to/warning-policy.md. Unset: that of the package.",
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
        pattern=_CLOCK,
        description="When quiet hours begin: no SMS and no voice warning then. The same as their "
        "end: there are none.",
    )
    warning_quiet_until: str = Field(
        default="08:00", pattern=_CLOCK, description="When quiet hours end."
    )
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
    warning_backfill_mode: Literal["off", "propose", "start"] = Field(
        default="propose",
        description="What happens when an entry that names a kind of fraud begins to block. "
        "off: nothing. propose: the persons it had reached are counted, and the backfill waits for "
        "an operator. start: it starts by itself if the persons are few and the count is complete. "
        "See docs/how-to/backfill.md.",
    )
    warning_backfill_start_most_people: int = Field(
        default=100,
        ge=1,
        le=200_000,
        description="Most persons of a backfill that starts by itself; larger ones wait for an "
        "operator.",
    )
    warning_backfill_most_entries: int = Field(
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
