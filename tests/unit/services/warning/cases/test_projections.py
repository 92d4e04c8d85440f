from dataclasses import replace

import pytest

from services.warning import keys
from services.warning.cases import opening, projections
from services.warning.cases.events import CaseOutcome
from services.warning.cases.model import Case, CaseState
from services.warning.cases.opening import PlainRouter
from services.warning.model import Region, Tier
from tests.support.warnings import NOW_MS, a_warning

CITY = Region(province="340000", city="340100")
COUNTY = Region(province="340000", city="340100", county="340102")


def a_case() -> Case:
    return replace(
        opening.apply_warnings(None, [a_warning(1)], PlainRouter(), NOW_MS).case, region=CITY
    )


def test_cases_waiting_for_a_person_sort_before_all_dates_by_tier() -> None:
    cases = [
        replace(a_case(), needs_person=True, due_at_ms=0, tier=Tier.HIGH),
        replace(a_case(), needs_person=True, due_at_ms=0, tier=Tier.LOW),
        replace(a_case(), due_at_ms=keys.FIRST_DATE),
        replace(a_case(), due_at_ms=0),
    ]

    places = [projections.index_changes(None, case)[0]["open",] for case in cases]

    assert places == sorted(set(places))


def test_a_case_leaves_the_indexes_of_a_county_it_is_taken_from() -> None:
    before = replace(a_case(), region=COUNTY)

    added, left = projections.index_changes(before, a_case())

    assert set(left) == {
        ("all", "340102"),
        ("open", "340102"),
        ("open", "tier2", "340102"),
        ("state", "routed", "tier2", "340102"),
    }
    assert set(added) == {
        (*kind, *where)
        for kind in (("all",), ("open",), ("open", "tier2"), ("state", "routed", "tier2"))
        for where in ((), ("34",), ("3401",))
    }


def test_a_case_moves_between_the_indexes_of_tiers_and_officers() -> None:
    before = replace(a_case(), officer="li", due_at_ms=7000)
    after = replace(before, tier=Tier.HIGH, officer="wang")

    added, left = projections.index_changes(before, after)

    places = ((), ("34",), ("3401",))
    assert set(left) == {
        *(("open", "tier2", *where) for where in places),
        *(("state", "routed", "tier2", *where) for where in places),
        projections.open_of_officer("li"),
    }
    assert added[projections.open_of_officer("wang")] == 7000
    assert {added["open", "tier3", *where] for where in places} == {7000}


def test_a_closed_case_is_in_no_index_of_open_ones() -> None:
    before = replace(a_case(), officer="li")
    after = replace(before, state=CaseState.CLOSED, outcome=CaseOutcome.SAFE)

    added, left = projections.index_changes(before, after)

    assert not [one for one in added if one[0] == "open"]
    assert projections.open_of_officer("li") in left
    assert ("open", "tier2") in left
    assert ("state", "routed", "tier2") in left
    assert added["state", "closed", "tier2", "34"] == after.opened_at_ms


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (None, a_case(), {"open routed medium": 1}),
        (None, replace(a_case(), region=Region()), {"open routed medium": 1, "without_region": 1}),
        (replace(a_case(), region=Region()), a_case(), {"without_region": -1}),
        (a_case(), replace(a_case(), hits=2), {}),
        (
            a_case(),
            replace(a_case(), state=CaseState.CLOSED, outcome=CaseOutcome.SAFE),
            {"open routed medium": -1, "closed safe": 1},
        ),
    ],
)
def test_a_tally_changes_by_the_difference(
    before: Case | None, after: Case, change: dict[str, int]
) -> None:
    assert projections.tally_changes(before, after) == change
