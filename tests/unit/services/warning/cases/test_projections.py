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

    assert set(left) == {("all", "340102"), ("open", "340102")}
    assert set(added) == {
        (kind, *where) for kind in ("all", "open") for where in ((), ("34",), ("3401",))
    }


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
