"""Whether a warning may go out now: kill switch, opt-outs, limits per person, quiet hours.

No I/O and no clock: what is known of a person comes from `services.warning.dispatch.limit_store`.
"""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, timezone
from enum import StrEnum

from services.warning.model import Tier

ASK_AGAIN_MS = 1000
"""After this a stopped warning is asked for again."""
_DAY = timedelta(days=1)


class NoticeKind(StrEnum):
    """Kinds of warnings that a person may or may not opt out of."""

    ADVICE = "advice"
    """Of the tier low."""
    WARNING = "warning"
    """Of the tier medium."""
    EMERGENCY = "emergency"
    """Of the tier high. Nobody opts out of being told that their money is going."""


NOTICE_OF = {
    Tier.LOW: NoticeKind.ADVICE,
    Tier.MEDIUM: NoticeKind.WARNING,
    Tier.HIGH: NoticeKind.EMERGENCY,
}
MASS_FORMS = frozenset({"sms", "voice"})
"""What quiet hours and limits are about; officers and partners mind theirs themselves."""


class WithholdReason(StrEnum):
    """Why a warning may not go out now."""

    NONE = ""
    STOPPED = "stopped"
    OPTED_OUT = "opted_out"
    QUIET_HOURS = "quiet_hours"
    DAY_LIMIT = "day_limit"
    CAMPAIGN_LIMIT = "campaign_limit"
    SAME_WORDS = "same_words"
    """The person was told the very same for another case, a few hours ago at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRules:
    """What an administrator has laid down."""

    quiet_from: time = time(22)
    quiet_until: time = time(8)
    """The same as `quiet_from`: there are no quiet hours."""
    utc_offset: timedelta = timedelta(hours=8)
    breaks_quiet: frozenset[Tier] = frozenset({Tier.HIGH})
    per_day: int = 3
    """SMS and voice warnings for a person on a day, of the tiers low and medium; 0: no limit."""
    per_day_high: int = 10
    """Likewise all of them, when one of the tier high is to go out; 0: no limit."""
    per_campaign: int = 6
    """For one person about one campaign; 0: no limit."""
    may_opt_out: frozenset[NoticeKind] = frozenset({NoticeKind.ADVICE})
    test_mode: bool = False
    """Whether all that may go out goes to the sink."""

    def __post_init__(self) -> None:
        """Hold that emergencies cannot be opted out of."""
        if NoticeKind.EMERGENCY in self.may_opt_out:
            raise ValueError("opt_out: nobody can opt out of emergency")


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitCheck:
    """One warning that wants to go out."""

    message_id: str
    victim: str
    tier: Tier
    campaign: str
    form: str = "sms"
    text: str = ""
    """What it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientUsage:
    """What is known of the person."""

    stopped: bool = False
    already: bool = False
    """Whether this message was counted before: it is tried again."""
    today: int = 0
    in_campaign: int = 0
    told: bool = False
    """Whether another message told them the very same."""
    opted_out: frozenset[NoticeKind] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendPermission:
    """The answer."""

    allowed: bool
    not_before_ms: int = 0
    """When to ask again; 0 and not allowed: never."""
    reason: WithholdReason = WithholdReason.NONE
    sink: bool = False
    """Whether it goes to the sink instead of the person."""


def may_send(
    asked: LimitCheck, known: RecipientUsage, rules: LimitRules, now_ms: int
) -> SendPermission:
    """Tell whether a warning may go out now, and otherwise from when on."""
    if known.stopped:
        return _later(now_ms + ASK_AGAIN_MS, WithholdReason.STOPPED)
    allowed = SendPermission(allowed=True, sink=rules.test_mode)
    if asked.form not in MASS_FORMS:
        return allowed
    if refused := _refused_for_person(asked, known, rules, now_ms):
        return refused
    quiet_until = quiet_until_ms(rules, now_ms)
    if quiet_until and asked.tier not in rules.breaks_quiet:
        return _later(quiet_until, WithholdReason.QUIET_HOURS)
    return allowed


def _refused_for_person(
    asked: LimitCheck, known: RecipientUsage, rules: LimitRules, now_ms: int
) -> SendPermission | None:
    if NOTICE_OF[asked.tier] in known.opted_out & rules.may_opt_out:
        return _later(0, WithholdReason.OPTED_OUT)
    if known.already:
        return None
    if known.told:
        return _later(0, WithholdReason.SAME_WORDS)
    if _reached(known.in_campaign, rules.per_campaign):
        return _later(0, WithholdReason.CAMPAIGN_LIMIT)
    if _reached(known.today, day_limit(asked.tier, rules)):
        return _later(next_day_ms(rules, now_ms), WithholdReason.DAY_LIMIT)
    return None


def day_limit(tier: Tier, rules: LimitRules) -> int:
    """Return how many warnings a person may have had on a day before one of *tier*; 0: any."""
    return rules.per_day_high if tier is Tier.HIGH else rules.per_day


def quiet_until_ms(rules: LimitRules, now_ms: int) -> int:
    """Return when the quiet hours end that *now_ms* lies in; 0 outside of them."""
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
    """Return when the next day begins there."""
    tomorrow = _local(rules, now_ms) + _DAY
    return _ms(datetime.combine(tomorrow.date(), time(), tomorrow.tzinfo))


def day_of(rules: LimitRules, now_ms: int) -> str:
    """Return the day there, such as ``20261125``."""
    return f"{_local(rules, now_ms):%Y%m%d}"


def read_clock(text: str) -> time:
    """Read ``22:00``; `ValueError` when it is none."""
    hours, colon, minutes = text.partition(":")
    if not colon or not (hours.isdecimal() and minutes.isdecimal()):
        raise ValueError(f"quiet hours: not a time of day such as 22:00: {text!r}")
    return time(int(hours), int(minutes))


def read_notices(text: str) -> frozenset[NoticeKind]:
    """Read kinds of warnings between commas; `ValueError` names a wrong one."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    for word in words:
        if word not in set(NoticeKind):
            raise ValueError(f"opt_out: none of {', '.join(NoticeKind)}: {word!r}")
    return frozenset(map(NoticeKind, words))


def _reached(count: int, limit: int) -> bool:
    return bool(limit) and count >= limit


def _later(at_ms: int, reason: WithholdReason) -> SendPermission:
    return SendPermission(allowed=False, not_before_ms=at_ms, reason=reason)


def _local(rules: LimitRules, now_ms: int) -> datetime:
    return datetime.fromtimestamp(now_ms / 1000, timezone(rules.utc_offset))


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
