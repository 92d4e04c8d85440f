"""Whether a message may be sent now: kill switch, opt-outs, limits per person, quiet hours.

Pure functions; `limit_store` supplies what a person was sent.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, timezone
from enum import StrEnum

from fanzha.errors import InvalidConfiguration
from services.warning.model import Tier

RETRY_MS = 1000
"""Retry interval of messages while warnings are stopped."""
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{1,2})")
_DAY = timedelta(days=1)


class NoticeKind(StrEnum):
    """Kinds of warnings, for opt-outs."""

    ADVICE = "advice"
    """Warnings of tier low."""
    WARNING = "warning"
    """Warnings of tier medium."""
    EMERGENCY = "emergency"
    """Warnings of tier high; no opt-out."""


NOTICE_OF = {
    Tier.LOW: NoticeKind.ADVICE,
    Tier.MEDIUM: NoticeKind.WARNING,
    Tier.HIGH: NoticeKind.EMERGENCY,
}
MASS_FORMS = frozenset({"sms", "voice"})
"""Channels under quiet hours and limits; visits in person are not."""


class WithholdReason(StrEnum):
    """Why a message is withheld."""

    NONE = ""
    STOPPED = "stopped"
    OPTED_OUT = "opted_out"
    QUIET_HOURS = "quiet_hours"
    DAY_LIMIT = "day_limit"
    CAMPAIGN_LIMIT = "campaign_limit"
    DUPLICATE_TEXT = "duplicate_text"
    """The person was sent the same text for another case within hours."""
    EDUCATED = "educated"
    """The person was sent another educational message not long ago."""
    CAMPAIGN_OVER = "campaign_over"
    """The campaign of an educational message was stopped, or its end has come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRules:
    """The limits that an administrator has set."""

    quiet_from: time = time(22)
    quiet_until: time = time(8)
    """Equal to `quiet_from`: no quiet hours."""
    utc_offset: timedelta = timedelta(hours=8)
    breaks_quiet: frozenset[Tier] = frozenset({Tier.HIGH})
    per_day: int = 3
    """SMS and voice messages to a person a day before one of tier low or medium; 0: no limit."""
    per_day_high: int = 10
    """Likewise before one of tier high; 0: no limit."""
    per_campaign: int = 6
    """Messages to one person about one campaign; 0: no limit."""
    calls_per_day: int = 3
    """Calls to a person a day, those that nobody answers among them; 0: no limit."""
    education_days: int = 30
    """Days between two educational messages to a person; 0: no limit."""
    may_opt_out: frozenset[NoticeKind] = frozenset({NoticeKind.ADVICE})
    test_mode: bool = False
    """Whether all messages go to the test sink."""

    def __post_init__(self) -> None:
        """Refuse opt-outs of emergencies."""
        if NoticeKind.EMERGENCY in self.may_opt_out:
            raise InvalidConfiguration("opt_out: nobody can opt out of emergency")


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitCheck:
    """A message to check against the limits."""

    message_id: str
    victim: str
    tier: Tier
    campaign: str
    form: str = "sms"
    text: str = ""
    """The text of the message."""
    educates: bool = False
    """Whether it is educational. Such a message waits for the daily limit, and uses none of it: a
    warning that day must not wait for it."""

    @property
    def notice(self) -> NoticeKind:
        """The kind that people opt out of."""
        return NoticeKind.ADVICE if self.educates else NOTICE_OF[self.tier]

    def declined(self, usage: "RecipientUsage", rules: LimitRules) -> bool:
        """Whether the person opted out of it; of education whatever the rules say of warnings."""
        counted = usage.opted_out if self.educates else usage.opted_out & rules.may_opt_out
        return self.notice in counted

    def most_of_campaign(self, rules: LimitRules) -> int:
        """How many messages the person may be sent for the same reason; 0: no limit."""
        return int(bool(rules.education_days)) if self.educates else rules.per_campaign


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientUsage:
    """What a person was sent, and opted out of."""

    stopped: bool = False
    already_counted: bool = False
    """Whether this message was counted before: it is a retry."""
    sent_today: int = 0
    sent_in_campaign: int = 0
    duplicate_text: bool = False
    """Whether another message had the same text."""
    opted_out: frozenset[NoticeKind] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendPermission:
    """The result of a check."""

    allowed: bool
    not_before_ms: int = 0
    """When to check again; 0 if not allowed: never."""
    reason: WithholdReason = WithholdReason.NONE
    sink: bool = False
    """Whether to send it to the test sink."""


def may_send(
    check: LimitCheck, usage: RecipientUsage, rules: LimitRules, now_ms: int
) -> SendPermission:
    """Return whether a message may be sent now, and if not when to check again."""
    if usage.stopped:
        return _later(now_ms + RETRY_MS, WithholdReason.STOPPED)
    allowed = SendPermission(allowed=True, sink=rules.test_mode)
    if check.form not in MASS_FORMS:
        return allowed
    if refused := _refused_for_person(check, usage, rules, now_ms):
        return refused
    quiet_until = quiet_until_ms(rules, now_ms)
    if quiet_until and (check.educates or check.tier not in rules.breaks_quiet):
        return _later(quiet_until, WithholdReason.QUIET_HOURS)
    return allowed


def _refused_for_person(
    check: LimitCheck, usage: RecipientUsage, rules: LimitRules, now_ms: int
) -> SendPermission | None:
    if check.declined(usage, rules):
        return _later(0, WithholdReason.OPTED_OUT)
    if usage.already_counted:
        return None
    if usage.duplicate_text:
        return _later(0, WithholdReason.DUPLICATE_TEXT)
    if _reached(usage.sent_in_campaign, check.most_of_campaign(rules)):
        why = WithholdReason.EDUCATED if check.educates else WithholdReason.CAMPAIGN_LIMIT
        return _later(0, why)
    if _reached(usage.sent_today, day_limit(check.tier, rules)):
        return _later(next_day_ms(rules, now_ms), WithholdReason.DAY_LIMIT)
    return None


def day_limit(tier: Tier, rules: LimitRules) -> int:
    """Return the daily limit that applies to a message of *tier*; 0: no limit."""
    return rules.per_day_high if tier is Tier.HIGH else rules.per_day


def quiet_until_ms(rules: LimitRules, now_ms: int) -> int:
    """Return the end of the current quiet hours; 0 outside of them."""
    if rules.quiet_from == rules.quiet_until:
        return 0
    now = _local(rules, now_ms)
    clock = now.time()
    if rules.quiet_from < rules.quiet_until:
        if not rules.quiet_from <= clock < rules.quiet_until:
            return 0
        day = now
    elif clock >= rules.quiet_from:
        day = now + _DAY
    elif clock < rules.quiet_until:
        day = now
    else:
        return 0
    return _ms(datetime.combine(day.date(), rules.quiet_until, now.tzinfo))


def next_day_ms(rules: LimitRules, now_ms: int) -> int:
    """Return the start of the next local day."""
    tomorrow = _local(rules, now_ms) + _DAY
    return _ms(datetime.combine(tomorrow.date(), time(), tomorrow.tzinfo))


def day_of(rules: LimitRules, now_ms: int) -> str:
    """Return the local day, such as ``20261125``."""
    return f"{_local(rules, now_ms):%Y%m%d}"


def read_clock(text: str) -> time:
    """Parse a time such as ``22:00``. Raises `ValueError`."""
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise InvalidConfiguration(
            "quiet hours: not a time of day such as 22:00: {text!r}", text=text
        )
    return time(int(found[1]), int(found[2]))


def read_notices(text: str) -> frozenset[NoticeKind]:
    """Parse a comma-separated list of kinds. Raises `ValueError`."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    for word in words:
        if word not in set(NoticeKind):
            raise InvalidConfiguration(
                "opt_out: none of {kinds}: {word!r}",
                kinds=", ".join(NoticeKind),
                word=word,
            )
    return frozenset(map(NoticeKind, words))


def _reached(count: int, limit: int) -> bool:
    return bool(limit) and count >= limit


def _later(at_ms: int, reason: WithholdReason) -> SendPermission:
    return SendPermission(allowed=False, not_before_ms=at_ms, reason=reason)


def _local(rules: LimitRules, now_ms: int) -> datetime:
    return datetime.fromtimestamp(now_ms / 1000, timezone(rules.utc_offset))


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
