"""Counts in Redis what each person was sent, and keeps who opted out of what.

====================================================  ===========================================
key                                                   what
====================================================  ===========================================
``{fanzha:warned:<hash>}:day:<day>``                  set: ids of a person's messages of a day
``{fanzha:warned:<hash>}:campaign:<hash>``            set: ids of those of one campaign
``{fanzha:warned:<hash>}:out``                        set: kinds the person opted out of
``{fanzha:warned:<hash>}:words:<form>:<hash>``        id of the message that said just this
====================================================  ===========================================

Sets, so that a message that is tried again counts once. One script looks and counts, so two
workers never both take the last place. Keys have a hash in place of the number; as there are few
numbers, whoever reads the store can find them by trying, so this hides them from a glance only.
"""

from collections.abc import Callable
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
_WORDS_SECONDS = 6 * 3600
"""Words name the hour and the kind of fraud: so long after, the same ones tell nothing new."""

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
  redis.call('SADD', KEYS[1], ARGV[1])
  redis.call('EXPIRE', KEYS[1], ARGV[4])
  redis.call('SADD', KEYS[2], ARGV[1])
  redis.call('EXPIRE', KEYS[2], ARGV[5])
  redis.call('SET', KEYS[4], ARGV[1], 'EX', ARGV[7])
end
return {already, today, campaign, out, told and 1 or 0}
"""
_GIVE_BACK = """
redis.call('SREM', KEYS[1], ARGV[1])
redis.call('SREM', KEYS[2], ARGV[1])
if redis.call('GET', KEYS[4]) == ARGV[1] then redis.call('DEL', KEYS[4]) end
"""


class LimitStore:
    """Asks whether warnings may go out, and counts those that may.

    Raises `Unavailable`, soon, while Redis is away.
    """

    def __init__(
        self,
        client: Client,
        *,
        rules: LimitRules,
        stopped: Callable[[], bool],
        now_ms: Callable[[], int],
    ) -> None:
        """*client* must decode answers; *stopped* is that of the kill switch."""
        self._client: Any = client
        self.rules = rules
        self._stopped = stopped
        self._now_ms = now_ms

    async def may_send(self, asked: LimitCheck) -> SendPermission:
        """Tell whether a warning may go out now; if so, it is counted, the same message once."""
        now, rules = self._now_ms(), self.rules
        # Whatever is known of the person, these hold; then nothing is counted.
        first = limits.may_send(asked, RecipientUsage(stopped=self._stopped()), rules, now)
        if not first.allowed or asked.form not in limits.MASS_FORMS:
            return first
        notice = limits.NOTICE_OF[asked.tier]
        async with within(_SECONDS):
            already, today, campaign, out, told = await self._client.eval(
                _TAKE,
                4,
                *self._keys(asked, now),
                asked.message_id,
                limits.day_limit(asked.tier, rules),
                rules.per_campaign,
                _DAY_SECONDS,
                _CAMPAIGN_SECONDS,
                notice if notice in rules.may_opt_out else "",
                _WORDS_SECONDS,
            )
        known = RecipientUsage(
            already=bool(already),
            today=today,
            in_campaign=campaign,
            told=bool(told),
            opted_out=_notices(out),
        )
        return limits.may_send(asked, known, rules, now)

    async def give_back(self, asked: LimitCheck) -> None:
        """Take a warning out of the count, because no channel took it after all."""
        keys = self._keys(asked, self._now_ms())
        async with within(_SECONDS):
            await self._client.eval(_GIVE_BACK, len(keys), *keys, asked.message_id)

    async def opt_out(self, victim: str, notice: NoticeKind) -> None:
        """Let a person have no more of one kind; `InvalidInput` where the law gives no choice."""
        if notice not in self.rules.may_opt_out:
            kinds = ", ".join(sorted(self.rules.may_opt_out)) or "nothing"
            raise InvalidInput(f"kind: nobody opts out of {notice}; possible: {kinds}")
        async with within(_SECONDS):
            await self._client.sadd(f"{_person(victim)}:out", notice)

    async def opt_in(self, victim: str, notice: NoticeKind) -> None:
        """Let a person have them again."""
        async with within(_SECONDS):
            await self._client.srem(f"{_person(victim)}:out", notice)

    async def opted_out(self, victim: str) -> frozenset[NoticeKind]:
        """Return what a person opted out of."""
        async with within(_SECONDS):
            return _notices(await self._client.smembers(f"{_person(victim)}:out"))

    def _keys(self, asked: LimitCheck, now_ms: int) -> tuple[str, str, str, str]:
        person = _person(asked.victim)
        return (
            f"{person}:day:{limits.day_of(self.rules, now_ms)}",
            f"{person}:campaign:{_hash(asked.campaign)}",
            f"{person}:out",
            f"{person}:words:{asked.form}:{_hash(asked.text or asked.message_id)}",
        )


def _person(victim: str) -> str:
    return f"{{fanzha:warned:{_hash(victim)}}}"


def _hash(text: str) -> str:
    return blake2b(text.encode(), digest_size=10).hexdigest()


def _notices(words: Any) -> frozenset[NoticeKind]:
    # What a later release wrote and this one does not know is no opt-out here.
    return frozenset(NoticeKind(word) for word in words if word in set(NoticeKind))
