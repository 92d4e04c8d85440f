from datetime import UTC, datetime, time
from typing import Any

import pytest

from services.warning.dispatch import limits
from services.warning.dispatch.limits import (
    LimitCheck,
    LimitRules,
    NoticeKind,
    RecipientUsage,
    SendPermission,
    WithholdReason,
)
from services.warning.model import Tier


def at(hour: int, minute: int = 0) -> int:
    """Return a time of day in China."""
    moment = datetime(2026, 11, 25, tzinfo=UTC).timestamp() + (hour - 8) * 3600 + minute * 60
    return int(moment * 1000)


def ask(tier: Tier = Tier.MEDIUM, form: str = "sms") -> LimitCheck:
    return LimitCheck(message_id="m1", victim="+8617000000001", tier=tier, campaign="c", form=form)


def answer(
    check: LimitCheck, now: int, usage: RecipientUsage | None = None, **rules: Any
) -> SendPermission:
    return limits.may_send(check, usage or RecipientUsage(), LimitRules(**rules), now)


def test_by_day_a_warning_goes_out() -> None:
    assert answer(ask(), at(12)) == SendPermission(allowed=True)


@pytest.mark.parametrize(
    ("now", "until"), [(at(22), at(32)), (at(23, 59), at(32)), (at(0), at(8)), (at(7, 59), at(8))]
)
def test_in_quiet_hours_it_waits_for_their_end(now: int, until: int) -> None:
    expected = SendPermission(allowed=False, not_before_ms=until, reason=WithholdReason.QUIET_HOURS)

    assert answer(ask(), now) == expected


def test_quiet_hours_within_a_day_and_none_at_all() -> None:
    noon: dict[str, Any] = {"quiet_from": time(12), "quiet_until": time(14)}

    assert answer(ask(), at(13), **noon).not_before_ms == at(14)
    assert answer(ask(), at(14), **noon).allowed
    assert answer(ask(), at(3), quiet_from=time(8), quiet_until=time(8)).allowed


def test_the_tier_high_breaks_quiet_hours_by_default() -> None:
    assert answer(ask(Tier.HIGH), at(3)).allowed
    assert not answer(ask(Tier.HIGH), at(3), breaks_quiet=frozenset()).allowed


def test_officers_are_not_bound_by_quiet_hours_and_limits() -> None:
    assert answer(
        ask(form="in_person"), at(3), RecipientUsage(sent_today=99, sent_in_campaign=99)
    ).allowed


def test_a_person_has_so_many_warnings_a_day_and_more_when_it_is_urgent() -> None:
    usage = RecipientUsage(sent_today=3)
    expected = SendPermission(allowed=False, not_before_ms=at(24), reason=WithholdReason.DAY_LIMIT)

    assert answer(ask(), at(12), usage) == expected
    assert answer(ask(Tier.HIGH), at(12), usage).allowed
    assert not answer(ask(Tier.HIGH), at(12), RecipientUsage(sent_today=10)).allowed
    assert answer(ask(), at(12), RecipientUsage(sent_today=99), per_day=0).allowed


def test_a_person_has_so_many_warnings_about_one_campaign() -> None:
    refused = SendPermission(allowed=False, reason=WithholdReason.CAMPAIGN_LIMIT)

    assert answer(ask(Tier.HIGH), at(12), RecipientUsage(sent_in_campaign=6)) == refused


def test_a_message_that_was_counted_may_be_tried_again() -> None:
    usage = RecipientUsage(already_counted=True, sent_today=3, sent_in_campaign=6)

    assert answer(ask(), at(12), usage).allowed
    assert not answer(ask(), at(3), usage).allowed


def test_a_person_may_opt_out_of_advice_and_never_of_emergencies() -> None:
    usage = RecipientUsage(opted_out=frozenset(NoticeKind))

    assert answer(ask(Tier.LOW), at(12), usage).reason is WithholdReason.OPTED_OUT
    assert answer(ask(Tier.MEDIUM), at(12), usage).allowed
    assert answer(ask(Tier.HIGH), at(12), usage).allowed
    with pytest.raises(ValueError, match="emergency"):
        LimitRules(may_opt_out=frozenset({NoticeKind.EMERGENCY}))


def test_the_kill_switch_stops_everything_and_is_read_again_soon() -> None:
    for check in (ask(Tier.HIGH), ask(form="in_person")):
        refused = answer(check, at(12), RecipientUsage(stopped=True))

        assert refused == SendPermission(
            allowed=False, not_before_ms=at(12) + 1000, reason=WithholdReason.STOPPED
        )


def test_in_test_mode_all_goes_to_the_sink() -> None:
    assert answer(ask(), at(12), test_mode=True) == SendPermission(allowed=True, sink=True)
    assert answer(ask(form="voice"), at(12), test_mode=True).sink


@pytest.mark.parametrize("text", ["22", "25:00", "10:60", "x:y", ""])
def test_an_invalid_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"time of day|must be in"):
        limits.read_clock(text)
