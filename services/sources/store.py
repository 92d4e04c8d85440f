"""State of sources in Redis: what was pulled when, which files were taken, who pulls now.

All keys are of one slot: the hashes ``states`` and ``requests``, and of each source ``lease``, a
list ``pulls``, and ``files``, a sorted set of marks of files by time with what became of each in
``settled``. Files beyond `MOST_FILES` are forgotten, the oldest first.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from fanzha.translation.message import as_json, of_json
from infra.redis.client import Client, within
from infra.redis.damaged_records import readable
from services.sources.model import PullOutcome, PullRecord, PullRequest, SourceState

LEASE_MS = 60_000
MOST_FILES = 20_000
KEPT_PULLS = 100
_SECONDS = 5.0
_SPACE = "{fanzha:sources}"

_END_LEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end"
_RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
_ANSWER = """
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then redis.call('HDEL', KEYS[1], ARGV[1]) end
"""
_SETTLE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
if ARGV[4] ~= '' then
    redis.call('LPUSH', KEYS[3], ARGV[4])
    redis.call('LTRIM', KEYS[3], 0, tonumber(ARGV[5]) - 1)
end
if ARGV[6] ~= '' then
    redis.call('ZADD', KEYS[4], ARGV[7], ARGV[6])
    redis.call('HSET', KEYS[5], ARGV[6], ARGV[8])
    local over = redis.call('ZCARD', KEYS[4]) - tonumber(ARGV[9])
    if over > 0 then
        local old = redis.call('ZPOPMIN', KEYS[4], over)
        for place = 1, #old, 2 do redis.call('HDEL', KEYS[5], old[place]) end
    end
end
return 1
"""
"""Keys: lease, states, pulls, files, settled. Arguments: owner, source, state, record or empty,
most records, mark of the file or empty, time, what became of it, most files. Answers 0 when another
has the lease, and then changes nothing."""


class SourceStore:
    """Reads and writes the state of sources. Raises `Unavailable` while Redis is down."""

    def __init__(self, client: Client) -> None:
        """*client* must decode answers."""
        self._client: Any = client

    async def states(self, names: Sequence[str]) -> dict[str, SourceState]:
        """Return the states of sources that were seen before; damaged ones are left out."""
        if not names:
            return {}
        async with within(_SECONDS):
            texts = await self._client.hmget(_key("states"), list(names))
        found: dict[str, SourceState] = {}
        for name, text in zip(names, texts, strict=True):
            if text:
                for state in readable("source state", _read_state, [text]):
                    found[name] = state
        return found

    async def begin(self, name: str, state: SourceState) -> None:
        """Store the first state of a source, unless it has one."""
        async with within(_SECONDS):
            await self._client.hsetnx(_key("states"), name, _written(state))

    async def lease(self, name: str, owner: str) -> bool:
        """Return whether *owner* may pull a source now, and nobody else."""
        async with within(_SECONDS):
            key = _key("lease", name)
            return bool(await self._client.set(key, owner, nx=True, px=LEASE_MS))

    async def renew(self, name: str, owner: str) -> bool:
        """Keep the lease; False when another has it."""
        async with within(_SECONDS):
            return bool(await self._client.eval(_RENEW, 1, _key("lease", name), owner, LEASE_MS))

    async def release(self, name: str, owner: str) -> None:
        """End the lease, if *owner* still has it."""
        async with within(_SECONDS):
            await self._client.eval(_END_LEASE, 1, _key("lease", name), owner)

    async def settle(
        self,
        name: str,
        owner: str,
        state: SourceState,
        *,
        record: PullRecord | None = None,
        mark: str = "",
    ) -> bool:
        """Store a state, and what became of a file; False when another has the lease."""
        keys = [_key(part, name) for part in ("lease", "states", "pulls", "files", "settled")]
        keys[1] = _key("states")
        outcome = f"{record.outcome.value}:{record.sha256}" if record else ""
        async with within(_SECONDS):
            done = await self._client.eval(
                _SETTLE,
                len(keys),
                *keys,
                owner,
                name,
                _written(state),
                _written(record) if record else "",
                KEPT_PULLS,
                mark,
                record.at_ms if record else 0,
                outcome,
                MOST_FILES,
            )
        return bool(done)

    async def settled(self, name: str, marks: Sequence[str]) -> dict[str, str]:
        """Return what became of files, ``outcome:sha256`` by mark, of those that were settled."""
        if not marks:
            return {}
        async with within(_SECONDS):
            found = await self._client.hmget(_key("settled", name), list(marks))
        return {mark: text for mark, text in zip(marks, found, strict=True) if text}

    async def pulls(self, name: str, count: int) -> list[PullRecord]:
        """Return the latest pulls of a source, the newest first."""
        async with within(_SECONDS):
            texts = await self._client.lrange(_key("pulls", name), 0, count - 1)
        return list(readable("pull", _read_record, texts))

    async def ask(self, name: str, request: PullRequest) -> None:
        """Ask whoever pulls a source to do it now."""
        async with within(_SECONDS):
            await self._client.hset(_key("requests"), name, _written(request))

    async def requests(self, names: Sequence[str]) -> dict[str, PullRequest]:
        """Return what was asked for."""
        if not names:
            return {}
        async with within(_SECONDS):
            texts = await self._client.hmget(_key("requests"), list(names))
        found: dict[str, PullRequest] = {}
        for name, text in zip(names, texts, strict=True):
            if text:
                for request in readable("pull request", _read_request, [text]):
                    found[name] = request
        return found

    async def answered(self, name: str, request: PullRequest) -> None:
        """Forget what was asked for, unless something else was asked for since."""
        async with within(_SECONDS):
            await self._client.eval(_ANSWER, 1, _key("requests"), name, _written(request))


def _key(what: str, name: str = "") -> str:
    return f"{_SPACE}:{what}:{name}" if name else f"{_SPACE}:{what}"


def _written(document: SourceState | PullRecord | PullRequest) -> str:
    fields = as_json(asdict(document))
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"), default=str)


def _read_state(text: str) -> SourceState:
    fields: Any = of_json(json.loads(text))
    last, held = fields.pop("last"), tuple(fields.pop("held"))
    return SourceState(**fields, held=held, last=_record(last) if last else None)


def _read_record(text: str) -> PullRecord:
    return _record(of_json(json.loads(text)))


def _record(fields: Mapping[str, Any]) -> PullRecord:
    return PullRecord(**{**fields, "outcome": PullOutcome(fields["outcome"])})


def _read_request(text: str) -> PullRequest:
    return PullRequest(**json.loads(text))
