"""Rate limits per person in Redis: counts of messages, and opt-outs.

====================================================  ===========================================
key                                                   value
====================================================  ===========================================
``{fanzha:warned:<hash>}:day:<day>``                  set: message ids of a person on a day
``{fanzha:warned:<hash>}:campaign:<hash>``            set: message ids of a campaign
``{fanzha:warned:<hash>}:calls:<day>``                number of calls to a person on a day
``{fanzha:warned:<hash>}:educated``                   set: ids of educational messages
``{fanzha:warned:<hash>}:held_out``                   campaign that measures by not educating them
``{fanzha:warned:<hash>}:opt_out``                    set: kinds the person opted out of
``{fanzha:warned:<hash>}:text:<form>:<hash>``         id of the message with this text
====================================================  ===========================================

Sets make a retried message count once. One script checks and counts, so two workers cannot both use
the last slot. Keys have a hash of the number. There are few numbers, so anyone with access to the
store can find them by brute force: the hash only avoids casual exposure.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from fanzha.errors import InvalidInput
from infra.redis.client import Client, within
from services.warning.dispatch import limits
from services.warning.dispatch.limits import (
    LimitCheck,
    LimitRules,
    NoticeKind,
    RecipientUsage,
    SendPermission,
)

_SECONDS = 3.0
_DAY_SECONDS = 2 * 24 * 3600
_CAMPAIGN_SECONDS = 90 * 24 * 3600
_DUPLICATE_SECONDS = 6 * 3600
"""Time within which an identical text counts as a duplicate."""

_TAKE = """
local out = redis.call('SMEMBERS', KEYS[3])
local already = redis.call('SISMEMBER', KEYS[2], ARGV[1])
local today, campaign = redis.call('SCARD', KEYS[1]), redis.call('SCARD', KEYS[2])
local day_limit, campaign_limit = tonumber(ARGV[2]), tonumber(ARGV[3])
local said = redis.call('GET', KEYS[4])
local told = said and said ~= ARGV[1] and already == 0
local may = not told
for _, kind in ipairs(out) do
  if kind == ARGV[6] then may = false end
end
if already == 0 and may
   and (day_limit == 0 or today < day_limit)
   and (campaign_limit == 0 or campaign < campaign_limit) then
  if ARGV[8] == '1' then
    redis.call('SADD', KEYS[1], ARGV[1])
    redis.call('EXPIRE', KEYS[1], ARGV[4])
  end
  redis.call('SADD', KEYS[2], ARGV[1])
  redis.call('EXPIRE', KEYS[2], ARGV[5])
  redis.call('SET', KEYS[4], ARGV[1], 'EX', ARGV[7])
end
return {already, today, campaign, out, told and 1 or 0}
"""
_TAKE_CALL = """
local most = tonumber(ARGV[1])
if most > 0 and tonumber(redis.call('GET', KEYS[1]) or '0') >= most then return 0 end
redis.call('INCR', KEYS[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
"""
_GIVE_BACK_CALL = """
if tonumber(redis.call('GET', KEYS[1]) or '0') > 0 then redis.call('DECR', KEYS[1]) end
"""
_GIVE_BACK = """
redis.call('SREM', KEYS[1], ARGV[1])
redis.call('SREM', KEYS[2], ARGV[1])
if redis.call('GET', KEYS[4]) == ARGV[1] then redis.call('DEL', KEYS[4]) end
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EducationBar:
    """What keeps a person from being sent an educational message."""

    opted_out: bool = False
    educated: bool = False
    """Whether they were sent another not long ago."""
    held_out_of: str = ""
    """The campaign that measures by not educating them; empty: none."""

    def __bool__(self) -> bool:
        """Whether anything does."""
        return self.opted_out or self.educated or bool(self.held_out_of)


async def never_stopped() -> bool:
    """Stand in for the kill switch where nothing is sent."""
    return False


class LimitStore:
    """Checks messages against the limits, and counts those that may be sent.

    Raises `Unavailable` within seconds while Redis is away.
    """

    def __init__(
        self,
        client: Client,
        *,
        rules: LimitRules,
        stopped: Callable[[], Awaitable[bool]],
        now_ms: Callable[[], int],
    ) -> None:
        """*client* must decode answers; *stopped* is `KillSwitch.is_stopped`."""
        self._client: Any = client
        self.rules = rules
        self._stopped = stopped
        self._now_ms = now_ms

    async def may_send(self, check: LimitCheck) -> SendPermission:
        """Return whether a message may be sent now; if so, count it, once per message id."""
        stopped, now, rules = await self._stopped(), self._now_ms(), self.rules
        # Limits that do not depend on the person need no count.
        first = limits.may_send(check, RecipientUsage(stopped=stopped), rules, now)
        if not first.allowed or check.form not in limits.MASS_FORMS:
            return first
        notice = check.notice if check.educates or check.notice in rules.may_opt_out else ""
        async with within(_SECONDS):
            already_counted, sent_today, campaign, out, duplicate_text = await self._client.eval(
                _TAKE,
                4,
                *self._keys(check, now),
                check.message_id,
                limits.day_limit(check.tier, rules),
                check.most_of_campaign(rules),
                _DAY_SECONDS,
                self._campaign_seconds(check),
                notice,
                _DUPLICATE_SECONDS,
                int(not check.educates),
            )
        usage = RecipientUsage(
            already_counted=bool(already_counted),
            sent_today=sent_today,
            sent_in_campaign=campaign,
            duplicate_text=bool(duplicate_text),
            opted_out=_notices(out),
        )
        return limits.may_send(check, usage, rules, now)

    async def give_back(self, check: LimitCheck) -> None:
        """Uncount a message that no channel accepted."""
        keys = self._keys(check, self._now_ms())
        async with within(_SECONDS):
            await self._client.eval(_GIVE_BACK, len(keys), *keys, check.message_id)

    async def take_call(self, victim: str) -> int:
        """Count a call to a person, unless the calls of the day are used up.

        Returns 0 where it may be made, else when the next may: milliseconds since the Unix epoch.
        """
        async with within(_SECONDS):
            taken = await self._client.eval(
                _TAKE_CALL, 1, self._calls(victim), self.rules.calls_per_day, _DAY_SECONDS
            )
        return 0 if taken else limits.next_day_ms(self.rules, self._now_ms())

    async def give_back_call(self, victim: str) -> None:
        """Uncount a call of this day that the person did not notice."""
        async with within(_SECONDS):
            await self._client.eval(_GIVE_BACK_CALL, 1, self._calls(victim))

    def _calls(self, victim: str) -> str:
        return f"{_person(victim)}:calls:{limits.day_of(self.rules, self._now_ms())}"

    async def opt_out(self, victim: str, notice: NoticeKind) -> None:
        """Opt a person out of a kind. Raises `InvalidInput` where no opt-out is allowed."""
        if notice not in self.rules.may_opt_out:
            kinds = ", ".join(sorted(self.rules.may_opt_out)) or "nothing"
            raise InvalidInput(
                "kind: no opt-out of {notice} is allowed; possible: {kinds}",
                notice=notice,
                kinds=kinds,
            )
        async with within(_SECONDS):
            await self._client.sadd(f"{_person(victim)}:opt_out", notice)

    async def opt_in(self, victim: str, notice: NoticeKind) -> None:
        """Revoke an opt-out."""
        async with within(_SECONDS):
            await self._client.srem(f"{_person(victim)}:opt_out", notice)

    async def opted_out(self, victim: str) -> frozenset[NoticeKind]:
        """Return the kinds a person opted out of."""
        async with within(_SECONDS):
            return _notices(await self._client.smembers(f"{_person(victim)}:opt_out"))

    async def education_bars(self, victims: Sequence[str]) -> list[EducationBar]:
        """Return what keeps each of some people from being sent an educational message."""
        reading = self._client.pipeline(transaction=False)
        for victim in victims:
            person = _person(victim)
            reading.sismember(f"{person}:opt_out", NoticeKind.ADVICE)
            reading.exists(f"{person}:educated")
            reading.get(f"{person}:held_out")
        async with within(_SECONDS):
            found = await reading.execute()
        return [
            EducationBar(
                opted_out=bool(found[at]),
                educated=bool(found[at + 1] and self.rules.education_days),
                held_out_of=found[at + 2] or "",
            )
            for at in range(0, len(found), 3)
        ]

    async def hold_out(self, victims: Sequence[str], campaign: str, seconds: int) -> None:
        """Keep people from being educated by any campaign, as *campaign* measures by them."""
        writing = self._client.pipeline(transaction=False)
        for victim in victims:
            writing.set(f"{_person(victim)}:held_out", campaign, ex=seconds)
        async with within(_SECONDS):
            await writing.execute()

    def _campaign_seconds(self, check: LimitCheck) -> int:
        if not check.educates:
            return _CAMPAIGN_SECONDS
        return max(self.rules.education_days, 1) * 24 * 3600

    def _keys(self, check: LimitCheck, now_ms: int) -> tuple[str, str, str, str]:
        person = _person(check.victim)
        return (
            f"{person}:day:{limits.day_of(self.rules, now_ms)}",
            f"{person}:educated"
            if check.educates
            else f"{person}:campaign:{_hash(check.campaign)}",
            f"{person}:opt_out",
            f"{person}:text:{check.form}:{_hash(check.text or check.message_id)}",
        )


def _person(victim: str) -> str:
    return f"{{fanzha:warned:{_hash(victim)}}}"


def _hash(text: str) -> str:
    return blake2b(text.encode(), digest_size=10).hexdigest()


def _notices(words: Any) -> frozenset[NoticeKind]:
    # A kind written by a later release is ignored.
    return frozenset(NoticeKind(word) for word in words if word in set(NoticeKind))
