"""What people with regions may read and change."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists.entries import EntryMode
from blocklists.snapshot.snapshot import Snapshot
from services.auth import region_scope
from services.auth.identity import Identity, Role, acting_as
from tests.support.builders import an_entry

REGIONS = ("", "33", "3301", "330106", "330110", "3302", "330203", "34", "3401")


def somebody(*regions: str) -> Identity:
    return Identity(name="wang", roles=frozenset({Role.EDITOR}), regions=frozenset(regions))


@pytest.mark.parametrize(
    ("regions", "read", "changed"),
    [
        ((), set(REGIONS), set(REGIONS)),
        (("3301",), {"", "33", "3301", "330106", "330110"}, {"3301", "330106", "330110"}),
        (("330100",), {"", "33", "3301", "330106", "330110"}, {"3301", "330106", "330110"}),
        (("330106",), {"", "33", "330106"}, {"330106"}),
        (("33",), {"", *REGIONS[1:7]}, set(REGIONS[1:7])),
        (("330106", "3401"), {"", "33", "34", "330106", "3401"}, {"330106", "3401"}),
    ],
)
def test_people_read_and_change_what_is_of_their_regions(
    regions: tuple[str, ...], read: set[str], changed: set[str]
) -> None:
    who = somebody(*regions)

    assert {one for one in REGIONS if region_scope.may_read(who, one)} == read
    assert {one for one in REGIONS if region_scope.may_change_all(who, [one])} == changed


def test_what_is_written_without_a_region_is_of_the_only_region_of_its_author() -> None:
    def own(*regions: str) -> str:
        with acting_as(somebody(*regions)):
            return region_scope.own_region()

    assert [own(), own("330100"), own("3301", "3302"), own("330106001002")] == ["", "3301", "", ""]


@given(
    listed=st.lists(
        st.tuples(st.sampled_from(REGIONS), st.sampled_from(EntryMode)), min_size=1, max_size=30
    ),
    regions=st.sets(st.sampled_from(REGIONS[1:]), min_size=1, max_size=3),
)
def test_narrowed_lists_hold_what_may_be_read_and_nothing_else(
    listed: list[tuple[str, EntryMode]], regions: set[str]
) -> None:
    entries = [
        replace(an_entry(f"+861700000{place:04}"), region=region, mode=mode)
        for place, (region, mode) in enumerate(listed)
    ]
    snapshot, who = Snapshot.build(1, entries), somebody(*regions)
    wanted = {one.pattern for one in entries if region_scope.may_read(who, one.region)}

    seen = region_scope.narrowed(snapshot, who)

    rows = seen.live_rows()
    assert {seen.entry(row).pattern for row in rows.tolist()} == wanted
    assert len(seen) == len(wanted) == sum(seen.counts(mode).total() for mode in EntryMode)
    found = [one for entry in entries for one in seen.find_all_parties(int(entry.pattern[1:]))]
    assert {one.pattern for one in found} == wanted
    assert region_scope.narrowed(snapshot, who) is seen
    assert len(snapshot) == len(entries)


def test_which_rows_may_be_changed_is_told_for_all_layers() -> None:
    modes = (EntryMode.ENFORCE, EntryMode.SHADOW)
    entries = [
        replace(
            an_entry(f"{region or 'all'}-{mode.name.lower()}.example"), region=region, mode=mode
        )
        for region in ("", "3301", "3302")
        for mode in modes
    ]
    snapshot = Snapshot.build(1, entries)
    rows = snapshot.live_rows()

    may = region_scope.changeable_rows(somebody("3301"), snapshot, rows)

    patterns = {snapshot.entry(row).pattern for row in rows[np.flatnonzero(may)].tolist()}
    assert patterns == {"3301-enforce.example", "3301-shadow.example"}
