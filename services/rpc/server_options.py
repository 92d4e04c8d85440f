"""Options of gRPC's core for connections and messages, for every server.

Imports nothing of gRPC, which reads some of them when it is imported.
"""

import os
from dataclasses import dataclass
from typing import TypeAlias

ChannelOptions: TypeAlias = list[tuple[str, int]]

EXPERIMENTS = "GRPC_EXPERIMENTS"
"""The variable that names what the core tries out; it is read when gRPC is imported."""
MERGED_FILTERS = "fuse_filters"
"""What the core checks of each request, in one piece: a refusal costs a third less (ADR 39)."""
_ONLY_IDENTITY = 1
"""Bit of the only accepted algorithm: no compression."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionTimes:
    """When to close a connection whose peer is gone, or does not speak HTTP/2."""

    handshake_seconds: float = 10.0
    """From the connection to the first frames of HTTP/2, TLS included."""
    keepalive_seconds: float = 30.0
    """Silence after which a ping is sent."""
    keepalive_timeout_seconds: float = 10.0
    """Time to answer the ping, or to acknowledge what was sent."""


def merge_filters() -> None:
    """Let the core merge its filters, unless the environment says what it is to try out.

    To be called before anything imports gRPC.
    """
    os.environ.setdefault(EXPERIMENTS, MERGED_FILTERS)


def channel_options(
    *,
    max_message_bytes: int,
    max_connection_requests: int,
    max_queued_requests: int,
    times: ConnectionTimes,
) -> ChannelOptions:
    """Return the options of a server."""
    return [
        ("grpc.so_reuseport", 1),
        # No service exposes channelz, and recording each request takes time.
        ("grpc.enable_channelz", 0),
        # A sender must send what it makes the server hold: 35 MiB of zeros compress to 35 KiB.
        ("grpc.compression_enabled_algorithms_bitset", _ONLY_IDENTITY),
        ("grpc.max_receive_message_length", max_message_bytes),
        ("grpc.max_send_message_length", max_message_bytes),
        # A stream that is not read yet holds 64 KiB, not what the connection could carry. One that
        # is read gets room for its message at once, however long.
        ("grpc.http2.bdp_probe", 0),
        # Requests beyond wait at the client, and arrive close to their deadlines.
        ("grpc.max_concurrent_streams", max_connection_requests),
        ("grpc.http.overload_protection", 0),
        # The core cancels some new requests beyond the first bound, and all beyond the second.
        ("grpc.server.max_pending_requests", max_queued_requests),
        ("grpc.server.max_pending_requests_hard_limit", max_queued_requests * 5 // 4 + 1),
        # Gateways keep channels for days and ping them to notice a dead peer.
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
        *_timeouts(times),
    ]


def _timeouts(times: ConnectionTimes) -> ChannelOptions:
    handshake, timeout = _ms(times.handshake_seconds), _ms(times.keepalive_timeout_seconds)
    return [
        ("grpc.server_handshake_timeout_ms", handshake),
        ("grpc.http2.settings_timeout", handshake),
        ("grpc.keepalive_time_ms", _ms(times.keepalive_seconds)),
        ("grpc.keepalive_timeout_ms", timeout),
        ("grpc.http2.ping_timeout_ms", timeout),
        # By default the core stops after two pings without data.
        ("grpc.http2.max_pings_without_data", 0),
    ]


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
