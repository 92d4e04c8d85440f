"""What lies between processes and the store: delays, lost requests, lost answers, outages.

A batch of commands travels to the store, is executed there at its time whatever became of its
sender, and its answers travel back. Commands that block are tried again when their key was written.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from random import Random
from typing import Any

from redis.exceptions import ConnectionError as StoreConnectionError

from infra.redis.client import Client
from tests.support.simulation.connection import client_over
from tests.support.simulation.scheduler import OUTSIDE, PROCESS, SimulatedLoop
from tests.support.simulation.store_server import StoredKey, StoreServer

_LATENCY_SECONDS = 0.4e-3
_SLOW_SECONDS = 12.0
"""The longest that a request is under way: below `COMMIT_GRACE_SECONDS` of changes' maintenance."""
_WRITES_MEET = 4.0
"""How many times more often scripts meet faults than other commands: what writes is scripts."""
_ORPHAN_SECONDS = 1.0
"""How long the store may take to notice that a waiting client is gone."""
EVERYONE = "everyone"
_BLOCKING = {"XREAD", "XREADGROUP"}
_WAKE_NOBODY = _BLOCKING | {"XAUTOCLAIM", "XACK", "XINFO", "XRANGE", "GET", "HGETALL", "ZCARD"}
"""What adds nothing to a stream, of the most frequent commands."""
_CLOSED = "the connection was closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFaults:
    """How often a batch of commands meets each fault; the rest arrive."""

    lost_request: float = 0.0
    """The connection breaks before the store has the request."""
    lost_answer: float = 0.0
    """The store executes the request, and the connection breaks before the answer."""
    silent: float = 0.0
    """No answer ever comes; one request in two was executed."""
    slow: float = 0.0
    """It takes up to `_SLOW_SECONDS`."""
    split: float = 0.0
    """The store executes the batch in two parts, with commands of others between."""


@dataclass(slots=True, kw_only=True)
class _Waiting:
    """A client that blocks on streams."""

    process: str
    command: list[Any]
    deadline: float
    answer: Callable[[Any], None]


@dataclass(slots=True)
class StoreNetwork:
    """Carries commands from connections to the server, by the seed."""

    loop: SimulatedLoop
    server: StoreServer
    chance: Random
    now_us: Callable[[], int]
    """The clock of the store, in microseconds since 1970."""
    faults: NetworkFaults = field(default_factory=NetworkFaults)
    cut_off: set[str] = field(default_factory=set)
    """Names of the processes that cannot reach the store; `EVERYONE`: all."""
    injected: dict[str, int] = field(default_factory=dict)
    """How often each fault happened."""
    trace: Callable[[str], None] = lambda _text: None
    traced: bool = False
    """Whether somebody reads the steps: to write them takes a while."""
    on_write: Callable[[str], None] = lambda _process: None
    """Called with the sender of a batch that ran a script, before its answer is under way."""
    _waiting: dict[bytes, list[_Waiting]] = field(default_factory=dict)
    _kept: list[StoredKey] = field(default_factory=list)
    _epoch: int = 0
    """How often the store failed over: what was sent before does not reach the new primary."""
    _clients: dict[tuple[str, bool], Client] = field(default_factory=dict)
    _outside: Context = field(default_factory=lambda: _context_of(OUTSIDE))

    def client(self, *, decode_responses: bool = True) -> Client:
        """Return a client of the calling process, as `infra.redis.client` makes them.

        A process gets the same again: each command has a connection of its own anyway.
        """
        wanted = PROCESS.get(OUTSIDE), decode_responses
        if (known := self._clients.get(wanted)) is not None:
            return known
        client = client_over(self, wanted[0], decode_responses=decode_responses)
        self._clients[wanted] = client
        return client

    def send(self, process: str, commands: list[list[Any]]) -> "asyncio.Future[list[Any]]":
        """Carry a batch to the store; the future has its answers, or a broken connection."""
        answers: asyncio.Future[list[Any]] = self.loop.create_future()
        if self.cut_off and not self.cut_off.isdisjoint({EVERYONE, process.partition("#")[0]}):
            self._later(answers, StoreConnectionError("the store is away"))
            return answers
        fate = self._fate(_WRITES_MEET if _writes(commands) else 1.0)
        if fate == "lost_request" or (fate == "silent" and self.chance.random() < 0.5):
            if self.traced:
                self.trace(f"{process} lost {_short(commands)}")
            if fate == "lost_request":
                self._later(answers, StoreConnectionError(_CLOSED))
            return answers
        delay = self._latency()
        if fate == "slow":
            delay += self.chance.random() * _SLOW_SECONDS
        parts = [commands]
        if fate == "split" and len(commands) > 1 and commands[0][0] != "MULTI":
            at = self.chance.randrange(1, len(commands))
            parts = [commands[:at], commands[at:]]
        self._arrive_later(delay, _Batch(process, parts, answers, fate, self._epoch))
        return answers

    def cut(self, whom: str) -> None:
        """Let a process, or `EVERYONE`, not reach the store; what waits there breaks off."""
        self.cut_off.add(whom)
        self._break_waiting(whom)

    def _break_waiting(self, whom: str) -> None:
        for queue in list(self._waiting.values()):
            for waiting in list(queue):
                if whom in (EVERYONE, waiting.process.partition("#")[0]):
                    self._forget(waiting)
                    waiting.answer(StoreConnectionError(_CLOSED))

    def remember(self) -> None:
        """Keep what the store holds now: from here on, a failover would lose what it writes."""
        self._kept = self.server.contents()

    def fail_over(self) -> None:
        """Let a replica take over that has what was remembered; connections to the other break."""
        self.server.replace(self._kept)
        self._epoch += 1
        self._count("failover")
        self._break_waiting(EVERYONE)

    def gone(self, process: str) -> None:
        """Forget, soon, the commands of a dead process that wait."""
        self._call_later(self.chance.random() * _ORPHAN_SECONDS, self._drop_waiting, process)

    def _arrive_later(self, delay: float, batch: "_Batch") -> None:
        self._call_later(delay, self._arrive, batch)

    def _arrive(self, batch: "_Batch") -> None:
        if batch.epoch != self._epoch:
            self._later(batch.answers, StoreConnectionError(_CLOSED))
            return
        part = batch.parts.pop(0)
        if self.traced:
            self.trace(f"store <- {batch.process} {_short(part)}{_noted(batch.fate)}")
        if part[0][0] in _BLOCKING and (block := _block_ms(part[0])):
            self._execute_blocking(batch, part[0], block)
            return
        batch.done += self._execute_all(part)
        for command in part:
            self._wake(command)
        if _writes(part):
            self.on_write(batch.process)
        if batch.parts:
            self._arrive_later(self._latency() * 5, batch)
        elif batch.fate == "lost_answer":
            self._later(batch.answers, StoreConnectionError(_CLOSED))
        elif batch.fate != "silent":
            self._later(batch.answers, batch.done)

    def _execute_blocking(self, batch: "_Batch", command: list[Any], block_ms: int) -> None:
        unblocked = _without_block(command)
        found = self._execute(unblocked)
        if found is not None or batch.fate in ("lost_answer", "silent"):
            broken = StoreConnectionError(_CLOSED)
            if batch.fate != "silent":
                self._later(batch.answers, broken if batch.fate == "lost_answer" else [found])
            return

        def answer(one: Any) -> None:
            self._later(batch.answers, one if isinstance(one, Exception) else [one])

        waiting = _Waiting(
            process=batch.process,
            command=unblocked,
            deadline=self.loop.time() + block_ms / 1000,
            answer=answer,
        )
        for key in _stream_keys(command):
            self._waiting.setdefault(key, []).append(waiting)
        self._call_later(block_ms / 1000, self._give_up, waiting)

    def _wake(self, command: Sequence[Any]) -> None:
        if not self._waiting or command[0] in _WAKE_NOBODY:
            return
        for key in {_bytes(part) for part in command[1:]} & self._waiting.keys():
            for waiting in list(self._waiting.get(key, ())):
                found = self._execute(waiting.command)
                if found is not None:
                    self._forget(waiting)
                    waiting.answer(found)

    def _give_up(self, waiting: _Waiting) -> None:
        if self._forget(waiting):
            waiting.answer(None)

    def _forget(self, waiting: _Waiting) -> bool:
        known = False
        for key in _stream_keys(waiting.command):
            queue = self._waiting.get(key, [])
            if waiting in queue:
                queue.remove(waiting)
                known = True
            if not queue:
                self._waiting.pop(key, None)
        return known

    def _drop_waiting(self, process: str) -> None:
        for queue in list(self._waiting.values()):
            for waiting in [one for one in queue if one.process == process]:
                self._forget(waiting)

    def _execute(self, command: Sequence[Any]) -> Any:
        (answer,) = self._execute_all([command])
        return answer

    def _execute_all(self, commands: Sequence[Sequence[Any]]) -> list[Any]:
        self.server.set_time(self.now_us())
        # What was executed is durable: the store never restarts.
        wanted = [one for one in commands if one[0] != "WAITAOF"]
        answers = iter(self.server.execute_all(wanted))
        return [[1, one[2]] if one[0] == "WAITAOF" else next(answers) for one in commands]

    def _fate(self, more: float) -> str:
        """Choose what becomes of a batch, with faults so many times *more* often."""
        number = self.chance.random() / more
        for name in ("lost_request", "lost_answer", "silent", "slow", "split"):
            number -= getattr(self.faults, name)
            if number < 0:
                self._count(name)
                return name
        return "arrives"

    def _count(self, fault: str) -> None:
        self.injected[fault] = self.injected.get(fault, 0) + 1

    def _latency(self) -> float:
        return _LATENCY_SECONDS * (0.1 + 2 * self.chance.random())

    def _later(self, future: "asyncio.Future[Any]", result: Any) -> None:
        self._call_later(self._latency(), _resolve, future, result)

    def _call_later(self, delay: float, callback: Callable[..., object], *args: Any) -> None:
        self.loop.call_later(delay, callback, *args, context=self._outside)


@dataclass(slots=True)
class _Batch:
    process: str
    parts: list[list[list[Any]]]
    answers: "asyncio.Future[list[Any]]"
    fate: str
    epoch: int
    done: list[Any] = field(default_factory=list)


def _writes(commands: Sequence[Sequence[Any]]) -> bool:
    return any(command[0] == "EVAL" for command in commands)


def _block_ms(command: Sequence[Any]) -> int:
    for at, word in enumerate(command[:8]):
        if _bytes(word).upper() == b"BLOCK":
            return int(command[at + 1])
    return 0


def _without_block(command: Sequence[Any]) -> list[Any]:
    at = [_bytes(word).upper() for word in command].index(b"BLOCK")
    return [*command[:at], *command[at + 2 :]]


def _stream_keys(command: Sequence[Any]) -> list[bytes]:
    at = [_bytes(word).upper() for word in command].index(b"STREAMS") + 1
    return [_bytes(key) for key in command[at : at + (len(command) - at) // 2]]


def _bytes(word: Any) -> bytes:
    return word if isinstance(word, bytes) else str(word).encode()


def _resolve(future: "asyncio.Future[Any]", result: Any) -> None:
    if future.done():
        return  # who asked gave up
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)


def _context_of(process: str) -> Context:
    context = Context()
    context.run(PROCESS.set, process)
    return context


def _short(commands: Sequence[Sequence[Any]]) -> str:
    return ", ".join(" ".join(_word(word) for word in command[:3]) for command in commands)


def _word(word: Any) -> str:
    text = word.decode(errors="replace") if isinstance(word, bytes) else str(word)
    text = text.strip().partition("\n")[0]
    return text if len(text) <= 40 else f"{text[:37]}..."


def _noted(fate: str) -> str:
    return "" if fate == "arrives" else f" ({fate})"
