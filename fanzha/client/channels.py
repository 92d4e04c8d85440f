"""Opens channels to a Fanzha server. Needs grpcio and nothing else of ours.

What a client shows to a server, and whether TLS is spoken, is a `Login`; unless one is given, it
is taken from the environment.
"""

import json

import grpc

from fanzha.client import _bearer as sending
from fanzha.client.login import Login

MAX_MESSAGE_BYTES = 64 * 1024 * 1024
"""What a client takes; a server answers far less."""

OPTIONS = [
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    # A gateway keeps its channel for days: notice a dead peer, and try again at once,
    # for another worker may listen on the same port.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    # Despite its name, the time for an attempt to connect: TCP, TLS and HTTP/2 settings.
    ("grpc.min_reconnect_backoff_ms", 5_000),
    # Several channels of one process must not share a connection, for a server
    # spreads connections over its workers.
    ("grpc.use_local_subchannel_pool", 1),
]


def blocking(target: str, login: Login | None = None) -> grpc.Channel:
    """Open a channel for code that waits; raise `LoginError` when the login cannot be used."""
    login = Login.from_environment() if login is None else login
    bearer, credentials = login.bearer(target, encrypted=login.encrypted), login.credentials()
    if credentials is None:
        channel = grpc.insecure_channel(target, options=OPTIONS)
    else:
        channel = grpc.secure_channel(target, credentials, options=OPTIONS)
    return (
        channel
        if bearer is None
        else grpc.intercept_channel(channel, sending.BlockingBearer(bearer))
    )


def asynchronous(target: str, login: Login | None = None) -> grpc.aio.Channel:
    """Open a channel for asyncio; raise `LoginError` when the login cannot be used."""
    login = Login.from_environment() if login is None else login
    bearer, credentials = login.bearer(target, encrypted=login.encrypted), login.credentials()
    interceptors = None if bearer is None else sending.asynchronous(bearer)
    if credentials is None:
        return grpc.aio.insecure_channel(target, options=OPTIONS, interceptors=interceptors)
    return grpc.aio.secure_channel(target, credentials, options=OPTIONS, interceptors=interceptors)


def balanced(
    target: str, *, watched: str, credentials: grpc.ChannelCredentials | None = None
) -> grpc.aio.Channel:
    """Open a channel for asyncio that is ready only while the service *watched* is SERVING.

    It sends no token: callers add it to each request as metadata, which costs less.
    Where a name has several addresses, requests go to those that are ready in turn.
    """
    service_config = {
        "loadBalancingConfig": [{"round_robin": {}}],
        "healthCheckConfig": {"serviceName": watched},
    }
    options = [*OPTIONS, ("grpc.service_config", json.dumps(service_config))]
    if credentials is None:
        return grpc.aio.insecure_channel(target, options=options)
    return grpc.aio.secure_channel(target, credentials, options=options)
