"""What gRPC's core is told about connections and messages, for the servers of every role."""

from dataclasses import dataclass
from typing import TypeAlias

ChannelOptions: TypeAlias = list[tuple[str, int]]

_ONLY_IDENTITY = 1
"""Bit of the only algorithm that is taken: what is sent as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionTimes:
    """When a connection is given up whose peer is gone, or never was one."""

    handshake_seconds: float = 10.0
    """From the connection to the first frames of HTTP/2, TLS included."""
    keepalive_seconds: float = 30.0
    """So long a connection may be silent before its peer is asked whether it is there."""
    keepalive_timeout_seconds: float = 10.0
    """So long it may take to answer that, or to acknowledge what was sent."""


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
        # Nobody can ask for what it notes of each request, and noting takes time.
        ("grpc.enable_channelz", 0),
        # What a sender makes us hold, it has to send: 35 MiB of zeros are 35 KiB once compressed.
        ("grpc.compression_enabled_algorithms_bitset", _ONLY_IDENTITY),
        ("grpc.max_receive_message_length", max_message_bytes),
        ("grpc.max_send_message_length", max_message_bytes),
        # A stream that nobody reads yet is to hold 64 KiB, not what the line could carry. One that
        # is read gets room for its message at once, however long it is.
        ("grpc.http2.bdp_probe", 0),
        # What is beyond waits with the client, and comes when its time is nearly over.
        ("grpc.max_concurrent_streams", max_connection_requests),
        ("grpc.http.overload_protection", 0),
        # The core cuts the line: some of what is beyond the first, all beyond the second.
        ("grpc.server.max_pending_requests", max_queued_requests),
        ("grpc.server.max_pending_requests_hard_limit", max_queued_requests * 5 // 4 + 1),
        # Gateways keep channels for days and ping them to notice a dead peer.
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
        *_giving_up(times),
    ]


def _giving_up(times: ConnectionTimes) -> ChannelOptions:
    handshake, timeout = _ms(times.handshake_seconds), _ms(times.keepalive_timeout_seconds)
    return [
        ("grpc.server_handshake_timeout_ms", handshake),
        ("grpc.http2.settings_timeout", handshake),
        ("grpc.keepalive_time_ms", _ms(times.keepalive_seconds)),
        ("grpc.keepalive_timeout_ms", timeout),
        ("grpc.http2.ping_timeout_ms", timeout),
        # Unless told otherwise, the core stops asking after two pings without data.
        ("grpc.http2.max_pings_without_data", 0),
    ]


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
