"""What the decision log keeps, and for how long."""

from pathlib import Path

from pydantic import Field

from services.settings.decision_archive import DecisionArchiveSettings


class DecisionLogSettings(DecisionArchiveSettings):
    """What the decision log keeps, and for how long."""

    decision_log_enabled: bool = Field(
        default=True, description="Whether decisions are logged: docs/how-to/decision-log.md."
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
        "recognise known contacts by them.",
    )
    decision_log_watched: Path | None = Field(
        default=None,
        description="File of numbers, one a line, whose decisions are all logged; read anew when "
        "it changes. It may not be there yet.",
    )
    decision_log_texts: bool = Field(
        default=False, description="Whether what texts say is logged, too."
    )
    decision_log_handsets: bool = Field(
        default=False,
        description="Whether a keyed hash of the handset is logged with each logged call, so that "
        "`fanzha incidents clusters --kind same_handset` finds numbers of one device.",
    )
    decision_log_handset_key_file: Path | None = Field(
        default=None,
        description="File with the key of these hashes, 64 hexadecimal digits, mode 0600: the same "
        "on all hosts. Unset: handset-key in the data directory, made at the first start.",
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
        description="Memory for queries of the decision log; beyond it they spill to its folder.",
    )
