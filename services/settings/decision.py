"""How calls, texts and links are decided, and what becomes of hits."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from services.settings.server import ServerSettings
from services.settings.types import Threshold


class DecisionSettings(ServerSettings):
    """How calls, texts and links are decided, and what becomes of hits."""

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
    cascade_share: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="Share of a worker's time for the second stage of the text model, which scores "
        "texts with an uncertain fast score; 0: no cascade, the sentence encoder is not loaded.",
    )
    velocity_action: Literal["off", "mark", "block"] = Field(
        default="mark",
        description="What to do with a call whose velocity score reaches its threshold. The model "
        "learnt from a simulation: mark lets the call through, counted and written to suspected "
        "hits.",
    )
    velocity_threshold: Threshold | None = Field(
        default=None,
        description="Score from which a call's velocity is suspicious. Unset: that of the card.",
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
    bulk_texts: int = Field(
        default=5_000,
        ge=256,
        le=10**9,
        description="Near-duplicates of one text, in a worker and about an hour, from which they "
        "are a campaign: told in the log once, and by `fanzha campaigns`.",
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
