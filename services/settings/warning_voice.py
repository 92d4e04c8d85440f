"""Settings of the robot's calls."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from services.settings.warning_channels import WarningChannelSettings


class WarningVoiceSettings(WarningChannelSettings):
    """Settings of the robot's calls."""

    warning_voice_sip_address: str = Field(
        default="",
        pattern=r"^(\S+:[0-9]+)?$",
        description="SIP trunk, `host:port`, by which the robot calls people: "
        "docs/how-to/voice.md. It takes precedence over other ways of the voice channel. "
        "Empty: off.",
    )
    warning_voice_sip_transport: Literal["udp", "tcp", "tls"] = Field(
        default="tls", description="Transport of the SIP trunk."
    )
    warning_voice_sip_ca_file: Path | None = Field(
        default=None,
        description="Certificates (PEM) that the SIP trunk's is checked against. Unset: those of "
        "the system.",
    )
    warning_voice_sip_domain: str = Field(
        default="",
        pattern=r"^([A-Za-z0-9.-]{1,255}|\[[0-9A-Fa-f:.]+\])?$",
        description="Domain of our SIP address and of those we call. Empty: the host of "
        "warning_voice_sip_address.",
    )
    warning_voice_sip_caller: str = Field(
        default="96110",
        pattern=r"^\+?[0-9]{3,20}$",
        description="Caller number that people see; the carrier has to allow it.",
    )
    warning_voice_sip_user: str = Field(
        default="",
        max_length=64,
        description="User name for the SIP trunk's challenges. Empty: warning_voice_sip_caller.",
    )
    warning_voice_sip_password_file: Path | None = Field(
        default=None, description="File with the password for the SIP trunk's challenges."
    )
    warning_voice_sip_number_form: Literal["e164", "digits"] = Field(
        default="e164",
        description="How called numbers are written: e164, with the plus sign; digits, without.",
    )
    warning_voice_sip_media_ports: str = Field(
        default="",
        pattern=r"^([1-9][0-9]{3,4}-[1-9][0-9]{3,4})?$",
        description="UDP ports for audio, `20000-20199`; one for each call. Empty: any free one.",
    )
    warning_voice_calls_at_once: int = Field(
        default=4, ge=1, le=100, description="Most simultaneous calls of each process that warns."
    )
    warning_voice_ring_seconds: float = Field(
        default=45, ge=1, le=120, description="Seconds that a phone rings."
    )
    warning_voice_rounds: int = Field(
        default=3,
        ge=1,
        le=10,
        description="Call attempts for one warning. When all fail, the next step of the plan "
        "follows, or tier high.",
    )
    warning_voice_round_minutes: float = Field(
        default=10,
        gt=0,
        le=1440,
        description="Minutes between an unanswered or busy call and the next attempt.",
    )
    warning_voice_calls_per_day: int = Field(
        default=3,
        ge=0,
        le=100,
        description="Most calls to one person a day, unanswered ones included; 0: no limit.",
    )
    warning_voice_machine_seconds: float = Field(
        default=4,
        ge=0,
        le=30,
        description="Seconds of uninterrupted speech at the start of a call that mean an answering "
        "machine; the call is then ended. 0: no detection.",
    )
    warning_voice_recordings_dir: Path | None = Field(
        default=None,
        description="Folder of recordings of the robot's scripts, WAV files. What is missing is "
        "spoken by espeak-ng.",
    )
