"""What redis-py asks of a connection, over the network of a simulation.

The client is redis-py with its pipelines, retries and parsing; only its connection is ours.
"""

import asyncio
from collections.abc import Iterable
from copy import copy
from functools import cache
from typing import Any, Protocol

import hiredis
from redis._parsers import BaseParser
from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError

from infra.redis.client import SOCKET_SECONDS, Client

_error_of: Any = BaseParser.parse_error
"""How redis-py turns an answer into an exception; it has no types."""


class Carrier(Protocol):
    """What carries commands to a store."""

    def send(self, process: str, commands: list[list[Any]]) -> "asyncio.Future[list[Any]]":
        """Carry a batch of a process; the future has its answers, or a broken connection."""


def client_over(carrier: Carrier, process: str, *, decode_responses: bool) -> Client:
    """Return a client of a process."""
    client: Redis = copy(_model_client(decode_responses=decode_responses))
    client.connection_pool = _Pool(carrier, process, decode_responses=decode_responses)
    return client


class SimulatedConnection:
    """What redis-py asks of a connection, over a `Carrier`."""

    db = 0
    himport_registry = None
    health_check_interval = 0

    def __init__(self, pool: "_Pool") -> None:
        self._carrier = pool.carrier
        self._process = pool.process
        self.encoder: Any = pool.encoder
        self.retry = Retry(NoBackoff(), 1)
        self._sent: asyncio.Future[list[Any]] | None = None
        self._answers: list[Any] = []

    def pack_commands(self, commands: Iterable[Iterable[Any]]) -> list[list[Any]]:
        """Return commands as they are: `StoreServer` packs them."""
        return [_words(command) for command in commands]

    async def send_command(self, *command: Any, **_options: Any) -> None:
        """Send one command."""
        self._send([_words(command)])

    async def send_packed_command(self, commands: list[list[Any]], **_options: Any) -> None:
        """Send what `pack_commands` returned."""
        self._send(commands)

    async def read_response(self, *, disable_decoding: bool = False, **_options: Any) -> Any:
        """Return the next answer, or raise what it says."""
        if self._sent is not None:
            try:
                async with asyncio.timeout(SOCKET_SECONDS):
                    self._answers = list(reversed(await self._sent))
            finally:
                self._sent = None
        answer = self._answers.pop()
        if isinstance(answer, hiredis.ReplyError):
            answer = _error_of(str(answer))
        if isinstance(answer, ResponseError):
            raise answer
        decodes = self.encoder.decode_responses and not disable_decoding
        return _decoded(answer) if decodes else answer

    async def disconnect(self, *_args: Any, **_options: Any) -> None:
        """Forget what was sent."""
        self._sent, self._answers = None, []

    def should_reconnect(self) -> bool:
        """Return False: a broken connection is as good as a new one."""
        return False

    def _send(self, commands: list[list[Any]]) -> None:
        self._answers = []
        self._sent = self._carrier.send(self._process, commands)


class _Pool(ConnectionPool):
    """Gives each command a connection; a broken one is dropped."""

    def __init__(self, carrier: Carrier, process: str, *, decode_responses: bool) -> None:
        super().__init__(decode_responses=decode_responses, retry=Retry(NoBackoff(), 1))
        make_encoder: Any = self.get_encoder  # it has no types
        self.encoder = make_encoder()
        self.carrier = carrier
        self.process = process

    async def get_connection(self, *_args: Any, **_options: Any) -> Any:
        return SimulatedConnection(self)

    async def release(self, connection: object) -> None:
        """Do nothing: each command has a connection of its own."""


@cache
def _model_client(*, decode_responses: bool) -> Redis:
    """Return a client to copy: making one takes ten times as long, for its table of answers."""
    return Redis(decode_responses=decode_responses)


def _words(command: Iterable[Any]) -> list[Any]:
    name, *arguments = command
    return [*str(name).split(" "), *arguments]


def _decoded(answer: Any) -> Any:
    if isinstance(answer, bytes):
        return answer.decode()
    if isinstance(answer, list):
        return [_decoded(one) for one in answer]
    if isinstance(answer, dict):
        return {_decoded(name): _decoded(one) for name, one in answer.items()}
    return answer
