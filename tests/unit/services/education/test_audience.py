"""Who of the recipients is written to, held out, or left out, and why."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.education.audience import decided, draw, lies_in
from services.education.model import AudienceSegment, EducationRecipient, PersonState
from services.education.recipient_store import digest_of
from services.warning.dispatch.limit_store import EducationBar
from tests.support.education import CAMPAIGN, number

PERSON = EducationRecipient(
    number=number(1),
    region="330106",
    age_band="60+",
    occupation="退休",
    consent_source="服务协议",
    consent_day="2025-10-01",
)
CLEAR = EducationBar()
ALL_WRITTEN_TO = replace(CAMPAIGN, hold_out_percent=0)


def state_of(
    person: EducationRecipient = PERSON, bar: EducationBar = CLEAR, **campaign: object
) -> PersonState:
    changed = replace(ALL_WRITTEN_TO, **campaign)  # type: ignore[arg-type]
    return decided(changed, digest_of(person.number), person, bar, groups={"劳务中介"}).state


@pytest.mark.parametrize(
    ("bar", "state"),
    [
        (EducationBar(opted_out=True, educated=True), PersonState.OPTED_OUT),
        (EducationBar(educated=True), PersonState.EDUCATED),
        (EducationBar(held_out_of="7"), PersonState.HELD_OUT_ELSEWHERE),
        (EducationBar(held_out_of="1"), PersonState.TO_SEND),
        (CLEAR, PersonState.TO_SEND),
    ],
)
def test_what_bars_a_person_is_named(bar: EducationBar, state: PersonState) -> None:
    assert state_of(bar=bar) is state


@pytest.mark.parametrize(
    ("segment", "meant"),
    [
        (AudienceSegment(), True),
        (AudienceSegment(age_bands=("18-30", "60+")), True),
        (AudienceSegment(age_bands=("18-30",)), False),
        (AudienceSegment(age_bands=("60+",), occupations=("教师",)), False),
        (AudienceSegment(areas=("3301", "3302")), True),
        (AudienceSegment(areas=("330200",)), False),
        (AudienceSegment(groups=("劳务中介",)), True),
        (AudienceSegment(groups=("养殖",)), False),
    ],
)
def test_each_list_of_a_segment_must_hold(segment: AudienceSegment, meant: bool) -> None:
    expected = PersonState.TO_SEND if meant else PersonState.OUTSIDE

    assert state_of(segment=segment) is expected


@pytest.mark.parametrize(("region", "inside"), [("", True), ("3301", True), ("3302", False)])
def test_a_campaign_reaches_its_region(region: str, inside: bool) -> None:
    assert (state_of(region=region) is PersonState.TO_SEND) == inside
    assert lies_in("330106", "330100")
    assert not lies_in("", "33")


def test_who_is_unknown_is_in_no_segment() -> None:
    unknown = replace(PERSON, age_band="", region="")

    assert state_of(unknown, segment=AudienceSegment(age_bands=("60+",))) is PersonState.OUTSIDE
    assert state_of(unknown, region="33") is PersonState.OUTSIDE
    assert state_of(unknown) is PersonState.TO_SEND


@given(st.integers(0, 50), st.integers(0, 10**6))
def test_a_draw_is_the_same_each_time_and_larger_shares_hold_out_more(
    percent: int, at: int
) -> None:
    campaign = replace(CAMPAIGN, hold_out_percent=percent)
    person = replace(PERSON, number=number(at))

    first = decided(campaign, digest_of(person.number), person, CLEAR)
    again = decided(campaign, digest_of(person.number), person, CLEAR)
    more = decided(
        replace(campaign, hold_out_percent=percent + 10), digest_of(person.number), person, CLEAR
    )

    assert first == again
    assert 0 <= first.draw < 1
    assert first.state is not PersonState.HELD_OUT or more.state is PersonState.HELD_OUT


def test_shares_are_kept_and_keys_draw_independently() -> None:
    digests = [digest_of(number(at)) for at in range(20_000)]

    one = [draw("01" * 16, digest) < 0.2 for digest in digests]
    other = [draw("02" * 16, digest) < 0.2 for digest in digests]

    both = sum(a and b for a, b in zip(one, other, strict=True))
    # Five standard deviations.
    assert sum(one) == pytest.approx(4_000, abs=283)
    assert both == pytest.approx(800, abs=139)
