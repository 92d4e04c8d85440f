"""Keeps in Redis what somebody has said of the columns of a source's files.

``{fanzha:mappings}`` is a hash: mappings as JSON, by their ids, which are made of the source and
the fingerprint of the header (`blocklists.importers.tables.columns.fingerprint`).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import Any

from blocklists.entries import Source
from blocklists.importers.tables import columns
from fanzha.errors import InvalidInput, NotAllowed, NotFound
from infra import text_limits
from infra.redis.client import Client, execute_durable, within
from infra.redis.damaged_records import reading
from infra.text_limits import CharacterSet, TextLimit
from services.auth import identity

KEY = "{fanzha:mappings}"
MOST = 10_000
"""Mappings that are kept; a source has a few."""
MOST_COLUMNS = 500
_NAME = TextLimit(max_characters=200, characters=CharacterSet.ANY, strip=False)
_READ_SECONDS = 5.0
_WRITE_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMapping:
    """What the columns of one header hold, as far as it was said."""

    source: int
    """0 for files that say their sources themselves."""
    header: tuple[str, ...]
    holds: Mapping[str, str]
    """By the name of a column."""
    saved_by: str
    saved_at_s: int

    @property
    def mapping_id(self) -> str:
        """Its name: the same for the same source and header."""
        text = f"{self.source}\n{columns.fingerprint(self.header)}"
        return blake2b(text.encode(), digest_size=8).hexdigest()


class ColumnMappings:
    """Saves, lists and forgets mappings. Raises `Unavailable`, soon, while Redis is away."""

    def __init__(self, client: Client, *, now_ms: Callable[[], int]) -> None:
        self._client: Any = client
        self._now_ms = now_ms

    async def save(
        self, *, source: int, header: tuple[str, ...], holds: Mapping[str, str], author: str
    ) -> ColumnMapping:
        """Remember what columns hold, in place of what was said of the same header."""
        mapping = ColumnMapping(
            source=source,
            header=header,
            holds=holds,
            saved_by=identity.author(author, "saved_by"),
            saved_at_s=self._now_ms() // 1000,
        )
        _check(mapping)
        _check_scope(source)
        async with within(_WRITE_SECONDS):
            stored = await self._client.hlen(KEY)
            if stored >= MOST and not await self._client.hexists(KEY, mapping.mapping_id):
                raise InvalidInput("mapping: {most} are kept; forget some first", most=MOST)
            writing = self._client.pipeline(transaction=False)
            text = json.dumps(asdict(mapping), ensure_ascii=False)
            writing.hset(KEY, mapping.mapping_id, text)
            await execute_durable(self._client, writing)
        return mapping

    async def all(self, source: int | None = None) -> list[ColumnMapping]:
        """Return the mappings, of one source or of all, the latest first."""
        async with within(_READ_SECONDS):
            texts = await self._client.hvals(KEY)
        found = [_read(text) for text in texts]
        selected = [one for one in found if source is None or one.source == source]
        return sorted(selected, key=lambda one: (-one.saved_at_s, one.mapping_id))

    async def forget(self, mapping_id: str) -> ColumnMapping:
        """Forget one, and return it; `NotFound` when there is none."""
        async with within(_READ_SECONDS):
            text = await self._client.hget(KEY, mapping_id)
        if text is None:
            raise NotFound(
                "mapping_id: there is no mapping {mapping_id!r}", mapping_id=mapping_id[:50]
            )
        mapping = _read(text)
        _check_scope(mapping.source)
        async with within(_WRITE_SECONDS):
            writing = self._client.pipeline(transaction=False)
            writing.hdel(KEY, mapping_id)
            await execute_durable(self._client, writing)
        return mapping


def _check(mapping: ColumnMapping) -> None:
    if mapping.source and mapping.source not in set(Source):
        raise InvalidInput("source: unknown number {source}", source=mapping.source)
    text_limits.required("saved_by", mapping.saved_by, _NAME)
    if not 1 <= len(mapping.header) <= MOST_COLUMNS:
        raise InvalidInput(
            "header: 1 to {most_columns} names are required", most_columns=MOST_COLUMNS
        )
    for place, name in enumerate(mapping.header):
        text_limits.optional(f"header[{place}]", name, _NAME)
    if not mapping.holds:
        raise InvalidInput("columns: at least one is required")
    known = set(map(columns.plain, mapping.header))
    for name, holds in mapping.holds.items():
        if columns.plain(name) not in known:
            raise InvalidInput("columns: the header has no {name!r}", name=name[:50])
        if holds not in columns.TARGETS:
            known_targets = ", ".join(columns.TARGETS)
            raise InvalidInput(
                "holds: none of {known_targets}: {holds!r}",
                known_targets=known_targets,
                holds=holds[:50],
            )


def _check_scope(source: int) -> None:
    who = identity.current()
    if who.sources and source not in who.sources:
        raise NotAllowed("{name} may not say what files of this source hold", name=who.name)


def _read(text: bytes | str) -> ColumnMapping:
    with reading("column mapping"):
        fields = json.loads(text)
        return ColumnMapping(**fields | {"header": tuple(fields["header"])})
