"""Two ways of asking: prepared requests on bare connections, and the client of integrators."""

import asyncio
from itertools import cycle
from typing import Any, Protocol

from benchmarks.load.connection import OK, Connection, Finished
from benchmarks.load.traffic import Body
from fanzha.client import Answer, AsyncClient, Login, Options

READY_SECONDS = 30.0


class Asker(Protocol):
    """Sends requests without waiting; `Finished` is called with the result of each."""

    async def open(self) -> None: ...
    def ask(self, body: Body, due: float) -> None: ...
    def turn(self, now: float) -> None:
        """Flush requests, and fail those past their deadline."""

    @property
    def busy(self) -> int: ...
    async def close(self) -> None: ...


class Connections:
    """Prepared requests, one connection after the other."""

    def __init__(
        self, target: str, count: int, timeout: float, finished: Finished, token: str = ""
    ) -> None:
        self._target = target
        self._all = [Connection(target, timeout, finished, token) for _ in range(count)]
        self._turns = cycle(self._all)

    async def open(self) -> None:
        loop, (host, _, port) = asyncio.get_running_loop(), self._target.rpartition(":")
        for connection in self._all:
            await loop.create_connection(lambda one=connection: one, host.strip("[]"), int(port))  # type: ignore[misc]
            await asyncio.wait_for(connection.settled.wait(), READY_SECONDS)

    def ask(self, body: Body, due: float) -> None:
        next(self._turns).ask(body, due)

    def turn(self, now: float) -> None:
        for connection in self._all:
            connection.expire(now)

    @property
    def busy(self) -> int:
        return sum(connection.busy for connection in self._all)

    async def close(self) -> None:
        for connection in self._all:
            connection.close()


class ThroughClient:
    """Single decisions, or batches, through `fanzha.client`."""

    def __init__(
        self, target: str, count: int, timeout: float, finished: Finished, token: str = ""
    ) -> None:
        self._login = Login(token=token) if token else None
        self._options = Options(timeout=timeout, connections=count)
        self._target = target
        self._finished = finished
        self._under_way: set[asyncio.Future[Any]] = set()
        self._client: AsyncClient | None = None

    async def open(self) -> None:
        self._client = AsyncClient(self._target, self._options, login=self._login)
        if not await self._client.wait_until_ready(READY_SECONDS):
            raise RuntimeError(f"{self._target} is not serving")

    def ask(self, body: Body, due: float) -> None:
        assert self._client is not None
        if len(body.rows) == 1:
            future = getattr(self._client, f"decide_{body.channel}")(body.rows[0])
        else:
            batch = getattr(self._client, f"decide_{body.channel}s")(body.rows)
            future = asyncio.ensure_future(batch)
        self._under_way.add(future)
        future.add_done_callback(lambda done: self._end(done, due))

    def turn(self, now: float) -> None:
        """Do nothing: the client has its own timers."""

    @property
    def busy(self) -> int:
        return len(self._under_way)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    def _end(self, done: "asyncio.Future[Any]", due: float) -> None:
        self._under_way.discard(done)
        answer: Answer = done.result() if isinstance(done.result(), Answer) else done.result()[0]
        status = OK
        if answer.failed_open:
            status = answer.status.name if answer.status else "FAILED_OPEN"
        self._finished(due, status)
