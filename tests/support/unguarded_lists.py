"""Lists with entries past the guard: written straight into the store, as nobody should."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from blocklists.entries import Entry, EntryKind
from blocklists.entry_table import EntryTable
from blocklists.store.store import Store
from fanzha.decisions import Action
from infra.redis.client import connect
from tests.support.builders import a_change, an_entry

EVIL_NUMBERS = ("955", "123", "100", "+861", "110", "1*", "9558*", "+86110", "12345")
"""What would cut off emergency and service numbers, mobile phones or a whole country: some as a
number that may stand in a list, yet not as a prefix; the others may not stand there at all."""
EVIL_NAMES = ("gov.cn", "www.gov.cn", "com.cn", "localhost")


def blocked(*patterns: str, kind: EntryKind | None = None) -> list[Entry]:
    """Make entries that block, for very long."""
    return [_lasting(an_entry(pattern, kind=kind)) for pattern in patterns]


def allowed(*patterns: str, kind: EntryKind | None = None) -> list[Entry]:
    """Make entries that let through, for very long."""
    return [_lasting(an_entry(pattern, Action.ALLOW, kind=kind)) for pattern in patterns]


def plant(redis_url: str, entries: Sequence[Entry]) -> None:
    """Commit *entries* to the store without asking the guard."""
    change = replace(a_change(1), additions=EntryTable.from_entries(entries), commit="")

    async def commit() -> None:
        client = connect(redis_url, decode_responses=False)
        try:
            await Store(client).commit(change, expected_version=None)
        finally:
            await client.aclose()

    asyncio.run(commit())


def _lasting(entry: Entry) -> Entry:
    return replace(entry, expires_at=datetime(2099, 1, 1, tzinfo=UTC))
