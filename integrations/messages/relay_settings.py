"""What an operator may set of a relay between message centres and their clients."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from fanzha.v1 import interception_pb2 as pb
from integrations.common.settings import AdapterSettings
from integrations.messages.carried_message import Coding, MessageDirection


class BlockPolicy(StrEnum):
    """What becomes of a message that the service blocks."""

    REFUSE = "refuse"
    """The sender gets an error."""
    DROP = "drop"
    """The sender gets an acknowledgement; the message goes nowhere."""
    OFF = "off"
    """Messages are not decided on at all."""


class RelaySettings(AdapterSettings):
    """Shared by the relays of all protocols."""

    listen: Annotated[str, Field(description="Address for clients, host:port.")] = "127.0.0.1:0"
    upstream: Annotated[str, Field(description="Address of the message centre, host:port.")]
    tls_cert: Annotated[
        Path | None, Field(description="Certificate chain for clients, PEM; unset: no TLS.")
    ] = None
    tls_key: Annotated[Path | None, Field(description="Its private key, PEM.")] = None
    tls_client_ca: Annotated[
        Path | None, Field(description="Clients must show a certificate of this CA, PEM.")
    ] = None
    upstream_tls: Annotated[bool, Field(description="Whether the message centre has TLS.")] = False
    upstream_ca: Annotated[
        Path | None, Field(description="CA of the message centre, PEM; unset: those of the system.")
    ] = None
    upstream_cert: Annotated[
        Path | None, Field(description="Client certificate for the message centre, PEM.")
    ] = None
    upstream_key: Annotated[Path | None, Field(description="Its private key, PEM.")] = None
    upstream_name: Annotated[
        str, Field(description="Name in its certificate; empty: the host of upstream.")
    ] = ""
    submit_policy: Annotated[
        BlockPolicy, Field(description="Blocked messages from clients: refuse, drop or off.")
    ] = BlockPolicy.REFUSE
    deliver_policy: Annotated[
        BlockPolicy, Field(description="Blocked messages to clients: refuse, drop or off.")
    ] = BlockPolicy.REFUSE
    ingress: Annotated[
        Literal["unspecified", "local", "interconnect", "international"],
        Field(description="How messages of clients enter the network."),
    ] = "unspecified"
    label_texts: Annotated[
        bool, Field(description="Whether to put the label of a decision before a short text.")
    ] = False
    max_sessions: Annotated[int, Field(ge=1, description="Most clients at a time.")] = 500
    window: Annotated[
        int, Field(ge=1, le=100_000, description="Unanswered requests of a peer that stop reading.")
    ] = 1000
    max_pdu_bytes: Annotated[
        int, Field(ge=512, le=1_048_576, description="Longest PDU; a longer one ends the session.")
    ] = 70_000
    connect_seconds: Annotated[
        float, Field(gt=0, description="How long the message centre may take to accept.")
    ] = 5.0
    bind_seconds: Annotated[
        float, Field(gt=0, description="How long a client may take to bind.")
    ] = 10.0
    response_seconds: Annotated[
        float, Field(gt=0, description="A peer that owes an answer longer loses the session.")
    ] = 60.0
    keepalive_seconds: Annotated[
        float, Field(gt=0, description="Silence after which a peer is asked whether it lives.")
    ] = 30.0
    drain_seconds: Annotated[
        float, Field(ge=0, description="How long answers are waited for when the relay ends.")
    ] = 10.0
    segment_hold_ms: Annotated[
        int, Field(ge=0, le=60_000, description="How long a part waits for the rest.")
    ] = 1000
    segment_memory_seconds: Annotated[
        float, Field(ge=0, description="How long text of parts that went on is remembered.")
    ] = 60.0
    max_segments: Annotated[
        int, Field(ge=1, description="Most parts of a session that are held or remembered.")
    ] = 1000
    default_alphabet: Annotated[
        Coding, Field(description="Alphabet of data coding 0, as the message centre has it.")
    ] = Coding.GSM7
    packed_codings: Annotated[
        tuple[int, ...], Field(description="Data codings whose septets are packed.")
    ] = ()

    def policy(self, direction: MessageDirection) -> BlockPolicy:
        """Return what becomes of blocked messages of a direction."""
        return self.submit_policy if direction is MessageDirection.SUBMIT else self.deliver_policy

    @property
    def ingress_value(self) -> "pb.Ingress.ValueType":
        """The ingress as the service names it."""
        return pb.Ingress.Value(f"INGRESS_{self.ingress.upper()}")


def host_and_port(address: str) -> tuple[str, int]:
    """Split ``host:port``; raises `ValueError`."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit():
        raise ValueError(f"no host:port: {address}")
    return host.strip("[]") or "127.0.0.1", int(port)
