"""The channels that warnings go out by."""

from pathlib import Path

from pydantic import Field

from services.settings.warning import WarningSettings


class WarningChannelSettings(WarningSettings):
    """The channels that warnings go out by."""

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
        pattern=r"^(\+?[0-9]{3,20}|[A-Za-z][A-Za-z0-9 ._&-]{0,10})$",
        description="Whom SMS warnings are from: a service code, a number, or a name of at most 11 "
        "letters of ASCII.",
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
