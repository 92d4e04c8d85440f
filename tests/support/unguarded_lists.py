"""Lists with entries past the guard: written directly into the store."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from blocklists.entries import Entry, EntryKind
from blocklists.entry_table import EntryTable
from blocklists.store.store import Store
from fanzha.decisions import Action
from infra.redis.client import connect
from tests.support.builders import a_change, an_entry
from tests.support.processes import run

EVIL_NUMBERS = ("955", "123", "100", "+861", "110", "1*", "9558*", "+86110", "12345")
"""What would cut off emergency and service numbers, mobile phones or a whole country: three as a
number that may stand in a list, yet not as a prefix; the others may not stand there at all."""
REFUSED_NUMBERS = 5
"""How many of `EVIL_NUMBERS` the guard refuses."""
EVIL_NAMES = ("gov.cn", "www.gov.cn", "com.cn", "localhost")
MISSPELLED_NAMES = ("GOV.cn", "www.GOV.cn")
"""Protected names that are not in canonical form. The guard of the list follower, which reads
canonical patterns, lets them through; that of an export reads them as another system would."""


def blocked(*patterns: str, kind: EntryKind | None = None) -> list[Entry]:
    """Make block entries that expire in the far future."""
    return [_lasting(an_entry(pattern, kind=kind)) for pattern in patterns]


def allowed(*patterns: str, kind: EntryKind | None = None) -> list[Entry]:
    """Make allow entries that expire in the far future."""
    return [_lasting(an_entry(pattern, Action.ALLOW, kind=kind)) for pattern in patterns]


def plant(redis_url: str, entries: Sequence[Entry]) -> None:
    """Commit *entries* to the store, bypassing the guard."""
    change = replace(a_change(1), additions=EntryTable.from_entries(entries), commit="")

    async def commit() -> None:
        client = connect(redis_url, decode_responses=False)
        try:
            await Store(client).commit(change, expected_version=None)
        finally:
            await client.aclose()

    asyncio.run(commit())


def quarantined(target: str) -> list[tuple[str, int]]:
    """Return the kind and the number of dropped rows of each finding about the lists."""
    done = run("blocklist", "quarantine", "--json", "--target", target)
    status = run("blocklist", "status", "--target", target)
    findings = json.loads(done.stdout)
    # Both commands say it: one by its status, the other on standard error.
    assert done.returncode == bool(findings)
    assert ("QUARANTINE" in status.stderr) == bool(findings)
    return [(one["kind"], int(one["rows"])) for one in findings]


def _lasting(entry: Entry) -> Entry:
    return replace(entry, expires_at=datetime(2099, 1, 1, tzinfo=UTC))
