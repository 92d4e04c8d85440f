"""Where hits go besides the streams of Redis."""

from pathlib import Path

from pydantic import Field

from services.settings.decision_log import DecisionLogSettings

_STREAM = "(confirmed|suspected|dismissed)"


class HitTopicSettings(DecisionLogSettings):
    """Hits as records of a Kafka topic."""

    hits_kafka_servers: str = Field(
        default="",
        description="Comma-separated Kafka brokers, `host:port`, to which hits are forwarded; "
        "needs the extra kafka: docs/reference/hit-streams.md. Empty: off.",
    )
    hits_kafka_topic: str = Field(
        default="fanzha.hits", min_length=1, description="Kafka topic of hits."
    )
    hits_kafka_streams: str = Field(
        default="confirmed,suspected,dismissed",
        pattern=rf"^{_STREAM}(,{_STREAM})*$",
        description="Comma-separated streams of hits that are forwarded.",
    )
    hits_kafka_options_file: Path | None = Field(
        default=None,
        description="File with librdkafka options, one `name=value` per line, such as for TLS and "
        "SASL.",
    )
