"""Stores documents in Redis, each as one text; a change compares the revision first.

For subjects of which there are few, such as entities and incidents: lists read all of them. Keys
are ``{SPACE}:next``, the last number allocated, and the hashes ``documents``, ``revisions`` and
``names``. A write is acknowledged after ``WAITAOF``, where the store has an append-only file.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from fanzha.errors import FanzhaError
from infra.redis.client import Client, execute_durable, within
from infra.redis.damaged_records import readable, reading

_READ_SECONDS = 5.0
_WRITE_SECONDS = 5.0
_READ_AT_ONCE = 500

_ADD = """
local known = redis.call('HGET', KEYS[3], ARGV[2])
if known then return {0, known} end
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then return {-1, '0'} end
redis.call('HSET', KEYS[3], ARGV[2], ARGV[1])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('HSET', KEYS[2], ARGV[1], 1)
return {1, ARGV[1]}
"""
"""Keys: documents, revisions, names. Arguments: number, name, document, most documents. Answers 1,
0 with the number that has the name, or -1 when there are too many."""

_PUT = """
if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then
    return redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[3] and 1 or 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('HSET', KEYS[2], ARGV[1], tonumber(ARGV[2]) + 1)
return 1
"""
"""Keys: documents, revisions. Arguments: number, the revision that was read, document. Answers 0
when another change came first. Sent twice, it does the same."""


class RevisedDocument(Protocol):
    """What is stored: a data class with a revision, 1 when it is new."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def revision(self) -> int:
        """Counts its changes."""
        ...


Document = TypeVar("Document", bound=RevisedDocument)


class DocumentStore(ABC, Generic[Document]):
    """Reads and writes documents. Raises `Unavailable` within seconds while Redis is down."""

    space: ClassVar[str]
    """Begins all keys, such as ``fanzha:entities``."""
    what: ClassVar[str]
    """What is stored, for counts of damaged records."""
    most: ClassVar[int]
    """Documents that are kept."""

    def __init__(self, client: Client) -> None:
        """*client* must decode answers."""
        self._client: Any = client

    async def next_id(self) -> int:
        """Allocate a number; some are never used."""
        async with within(_WRITE_SECONDS):
            return int(await self._client.incr(self._key("next")))

    async def add(self, document: Document) -> tuple[int, bool]:
        """Store a new document; return its number, and False when another has its name."""
        done, known = await self._synced(
            _ADD,
            ("documents", "revisions", "names"),
            (self.number(document), self.name(document), self.written(document), self.most),
        )
        if done < 0:
            raise self.full()
        return int(known), bool(done)

    async def get(self, number: int) -> Document:
        """Return a document; `NotFound` when there is none."""
        async with within(_READ_SECONDS):
            text = await self._client.hget(self._key("documents"), str(number))
        if text is None:
            raise self.missing(number)
        with reading(self.what):
            return self.read(text)

    async def put(self, document: Document) -> Document:
        """Replace what was read at this revision; `VersionConflict` when it was changed since."""
        changed: Document = replace(document, revision=document.revision + 1)
        arguments = (self.number(document), document.revision, self.written(changed))
        if not await self._synced(_PUT, ("documents", "revisions"), arguments):
            raise self.conflict(self.number(document))
        return changed

    async def all(self) -> list[Document]:
        """Return all documents, by number; damaged ones are counted and left out."""
        found: list[Document] = []
        async with within(_READ_SECONDS):
            ids = sorted(await self._client.hkeys(self._key("documents")), key=int)
        for start in range(0, len(ids), _READ_AT_ONCE):
            some = ids[start : start + _READ_AT_ONCE]
            async with within(_READ_SECONDS):
                texts = await self._client.hmget(self._key("documents"), some)
            found += readable(self.what, self.read, [one for one in texts if one])
        return found

    @abstractmethod
    def number(self, document: Document) -> int:
        """Return the number of a document."""

    @abstractmethod
    def name(self, document: Document) -> str:
        """Return what no two documents share."""

    @abstractmethod
    def written(self, document: Document) -> str:
        """Write a document."""

    @abstractmethod
    def read(self, text: str) -> Document:
        """Read a document."""

    @abstractmethod
    def missing(self, number: int) -> FanzhaError:
        """Return the error for a number that has no document."""

    @abstractmethod
    def conflict(self, number: int) -> FanzhaError:
        """Return the error for a document that was changed meanwhile."""

    @abstractmethod
    def full(self) -> FanzhaError:
        """Return the error for one document too many."""

    def _key(self, name: str) -> str:
        return f"{{{self.space}}}:{name}"

    async def _synced(self, script: str, names: Sequence[str], arguments: Sequence[object]) -> Any:
        pipeline = self._client.pipeline(transaction=False)
        pipeline.eval(script, len(names), *map(self._key, names), *map(str, arguments))
        async with within(_WRITE_SECONDS):
            answer, *_ = await execute_durable(self._client, pipeline)
        return answer
