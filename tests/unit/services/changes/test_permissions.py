"""Who is held to some sources changes no entry of another, not even by replacing it."""

from dataclasses import replace

import pytest

from blocklists.entries import Entry, Source
from blocklists.entry_table import EntryTable, Identities
from blocklists.snapshot.snapshot import Snapshot
from fanzha.errors import NotAllowed
from services.auth.identity import Identity, Role
from services.changes import permissions
from tests.support.builders import an_entry

NUMBER = "+8617000000001"
OTHER = "+8617000000002"
HELD = Identity(
    name="wang", roles=frozenset({Role.EDITOR}), sources=frozenset({Source.BUREAU, Source.CARRIER})
)
FREE = Identity(name="li", roles=frozenset({Role.EDITOR}))


def by(source: Source, pattern: str = NUMBER) -> Entry:
    return replace(an_entry(pattern), source=source)


def check(
    identity: Identity, *there: Entry, add: tuple[Entry, ...] = (), remove: tuple[Entry, ...] = ()
) -> None:
    permissions.check_sources(
        identity,
        Snapshot.build(1, there),
        EntryTable.from_entries(add),
        Identities.of((entry.kind, entry.pattern, entry.action) for entry in remove),
    )


def test_an_editor_may_change_its_own_sources() -> None:
    there = by(Source.CARRIER)

    check(HELD, there, add=(by(Source.BUREAU), by(Source.CARRIER, OTHER)), remove=(there,))


def test_an_editor_may_not_add_entries_of_another_source() -> None:
    with pytest.raises(NotAllowed, match="not ministry"):
        check(HELD, add=(by(Source.BUREAU, OTHER), by(Source.MINISTRY)))


def test_an_editor_may_not_remove_entries_of_another_source() -> None:
    there = by(Source.PROVINCE)

    with pytest.raises(NotAllowed, match="not province"):
        check(HELD, there, by(Source.BUREAU, OTHER), remove=(there,))


def test_an_editor_may_not_replace_entries_of_another_source() -> None:
    with pytest.raises(NotAllowed, match="not ministry"):
        check(HELD, by(Source.MINISTRY), add=(by(Source.BUREAU),))


def test_a_missing_entry_may_be_named() -> None:
    check(HELD, remove=(by(Source.MINISTRY),))


def test_an_editor_without_a_scope_may_change_all() -> None:
    there = by(Source.MINISTRY)

    check(FREE, there, add=(by(Source.PROVINCE, OTHER),), remove=(there,))
