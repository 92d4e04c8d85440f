from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from fanzha.fraud import FraudType
from services.warning.cases import opening, region_counts
from services.warning.cases.events import CaseOutcome
from services.warning.cases.model import Case, CaseState
from services.warning.cases.opening import PlainRouter
from services.warning.cases.region_counts import METRICS, MONTHS
from services.warning.model import Region, Tier
from tests.support.warnings import NOW_MS, a_warning

REGIONS = [
    Region(),
    Region(province="340000", city="340100"),
    Region(province="340000", city="340100", county="340111"),
    Region(province="某省", city="某|市/区"),
]


def a_case() -> Case:
    return opening.apply_warnings(None, [a_warning(1)], PlainRouter(), NOW_MS).case


def counted(*states: Case) -> Counter[tuple[str, int]]:
    """Apply the increments of all steps; return the counts by cell and metric."""
    sums: Counter[tuple[str, int]] = Counter()
    before = None
    for state in states:
        for key, field, by in region_counts.changes(before, state):
            if key != MONTHS:
                region, kind, day, metric = region_counts.read_field(field)
                sums[f"{key[-1]} {region} {kind} {day}", metric] += by
        before = state
    return Counter({name: count for name, count in sums.items() if count})


states = st.builds(
    replace,
    st.just(a_case()),
    region=st.sampled_from(REGIONS),
    tier=st.sampled_from([None, *Tier]),
    fraud_type=st.sampled_from(list(FraudType)),
    hits=st.integers(0, 5),
    reached_at_ms=st.sampled_from([0, NOW_MS]),
    warned_at_ms=st.sampled_from([0, NOW_MS]),
    outcome=st.sampled_from([None, *CaseOutcome]),
    state=st.sampled_from(list(CaseState)),
    lost_fen=st.sampled_from([None, 120_000]),
)


@given(st.lists(states, min_size=1, max_size=6))
def test_however_a_case_got_there_it_is_counted_as_it_stands(steps: list[Case]) -> None:
    assert counted(*steps) == counted(steps[-1])


def test_a_case_is_counted_on_the_day_in_china() -> None:
    late = 1_796_054_399_000  # 23:59:59 of 30 November in China
    case = replace(a_case(), opened_at_ms=late)
    next_day = replace(a_case(), opened_at_ms=late + 1000)

    (first, *_), (second, *_) = counted(case), counted(next_day)

    assert (first[0].split()[0], first[0].split()[-1]) == ("2026-11", "30")
    assert (second[0].split()[0], second[0].split()[-1]) == ("2026-12", "1")


def test_duplicates_are_not_counted() -> None:
    assert not counted(a_case(), replace(a_case(), outcome=CaseOutcome.DUPLICATE))


def test_a_loss_counts_only_where_money_was_lost() -> None:
    lost = replace(a_case(), state=CaseState.CLOSED, outcome=CaseOutcome.LOST_MONEY, lost_fen=5_000)

    counts = {METRICS[metric]: count for (_, metric), count in counted(lost).items()}

    assert counts["lost_fen"] == 5_000
    assert counts["lost_known"] == counts["lost_money"] == counts["finished"] == 1
    assert "safe" not in counts
