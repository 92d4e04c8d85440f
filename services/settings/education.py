"""Settings of educational campaigns."""

from pydantic import Field

from services.settings.warning_voice import WarningVoiceSettings


class EducationSettings(WarningVoiceSettings):
    """Settings of educational campaigns: docs/how-to/education.md."""

    education_days_between: int = Field(
        default=30,
        ge=0,
        le=366,
        description="Days between two educational messages to one person; 0: no limit.",
    )
    education_parts: int = Field(
        default=2, ge=1, le=10, description="Most SMS that one educational message may take."
    )
    education_recipients: int = Field(
        default=200_000, ge=1, le=5_000_000, description="Most recipients of one campaign."
    )
    education_per_second: int = Field(
        default=20,
        ge=1,
        le=1_000,
        description="Most educational messages handed to the SMS channel a second.",
    )
    education_queue: int = Field(
        default=64,
        ge=1,
        le=10_000,
        description="Length of the queue of the SMS channel, warnings included, at which no "
        "educational message is added: a warning waits behind that many at most.",
    )
