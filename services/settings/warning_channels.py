"""Settings of the channels that send warnings."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from services.settings.warning import WarningSettings


class WarningChannelSettings(WarningSettings):
    """Settings of the channels that send warnings."""

    warning_smpp_address: str = Field(
        default="",
        pattern=r"^(\S+:[0-9]+)?$",
        description="SMS centre (SMPP), `host:port`. Unset: SMS warnings are queued.",
    )
    warning_smpp_tls: bool = Field(
        default=False, description="Whether to connect to the SMS centre by TLS."
    )
    warning_smpp_system_id: str = Field(default="", max_length=15, description="SMPP system_id.")
    warning_smpp_password_file: Path | None = Field(
        default=None, description="File with the SMPP password, at most 8 characters."
    )
    warning_smpp_system_type: str = Field(
        default="", max_length=12, description="SMPP system_type, if the SMS centre requires one."
    )
    warning_smpp_source: str = Field(
        default="96110",
        pattern=r"^(\+?[0-9]{3,20}|[A-Za-z][A-Za-z0-9 ._&-]{0,10})$",
        description="Sender of SMS warnings: a service code, a number, or a name of at most 11 "
        "ASCII letters.",
    )
    warning_smpp_window: int = Field(
        default=32, ge=1, le=1000, description="SMS parts in flight to the SMS centre."
    )
    warning_smpp_per_second: float = Field(
        default=100, gt=0, le=100_000, description="Most SMS parts per second."
    )
    warning_robot: bool = Field(
        default=False,
        description="Whether the robot answers what people write back to warnings by SMS: "
        "docs/how-to/robot.md.",
    )
    warning_robot_strangers_per_hour: int = Field(
        default=60,
        ge=0,
        le=100_000,
        description="Most people per hour who were never warned, write that they paid, and get a "
        "case. 0: none.",
    )
    warning_robot_scripts_dir: Path | None = Field(
        default=None,
        description="Folder of scripts of the robot, in place of the shipped ones.",
    )
    warning_webhook_url: str = Field(
        default="",
        description="Endpoint that receives the warnings of warning_webhook_channels as "
        "CloudEvents. Empty: off.",
    )
    warning_webhook_channels: str = Field(
        default="voice",
        pattern=r"^(sms|voice|in_person)(,(sms|voice|in_person))*$",
        description="Comma-separated channels whose warnings go to warning_webhook_url.",
    )
    warning_webhook_secrets_file: Path | None = Field(
        default=None,
        description="File with webhook secrets (whsec_ and base64), one per line; every secret "
        "signs.",
    )
    warning_webhook_networks: str = Field(
        default="",
        description="Comma-separated networks (CIDR) that warning_webhook_url may resolve into "
        "although they are private, loopback or link-local, such as 10.20.0.0/16. Empty: public "
        "addresses only.",
    )
    warning_stop_payment_url: str = Field(
        default="",
        description="Endpoint of the stop-payment desk (止付, 96110), which gets a file about each "
        "person who says that they have paid: docs/how-to/robot.md. Empty: off.",
    )
    warning_stop_payment_secrets_file: Path | None = Field(
        default=None,
        description="File with webhook secrets (whsec_ and base64) for warning_stop_payment_url, "
        "one per line; every secret signs.",
    )
    warning_stop_payment_networks: str = Field(
        default="",
        description="Comma-separated networks (CIDR) that warning_stop_payment_url may resolve "
        "into although they are private, loopback or link-local. Empty: public addresses only.",
    )
    warning_stop_payment_number: Literal["whole", "masked"] = Field(
        default="whole",
        description="Whether the file has the person's number whole, to call back, or masked.",
    )
    warning_stop_payment_receipt_minutes: int = Field(
        default=30,
        ge=1,
        le=1440,
        description="After how many minutes a receipt of the stop-payment desk is overdue.",
    )
    warning_kafka_servers: str = Field(
        default="",
        description="Comma-separated Kafka brokers, `host:port`, for the warnings of "
        "warning_kafka_channels; needs the extra kafka. Empty: off.",
    )
    warning_kafka_topic: str = Field(
        default="fanzha.warnings", min_length=1, description="Kafka topic of these warnings."
    )
    warning_kafka_channels: str = Field(
        default="voice",
        pattern=r"^(sms|voice|in_person)(,(sms|voice|in_person))*$",
        description="Comma-separated channels whose warnings go to Kafka; the webhook takes "
        "precedence.",
    )
    warning_kafka_options_file: Path | None = Field(
        default=None,
        description="File with librdkafka options, one `name=value` per line, such as for TLS and "
        "SASL.",
    )
