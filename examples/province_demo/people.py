"""How the people of the demo behave: seeded, made up, and stated as simulated.

Of those who are warned, some write back; some had paid before the warning came, and most of the
others are dissuaded, the more the more urgently they were warned. The shares are parameters of the
demo, not measurements: they show what is counted, not what a warning is worth.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from services.warning.cases.model import Case
from services.warning.model import Tier

SEED = 20261201
REPLY_SHARE = 0.3
PAID_BEFORE_SHARE = 0.08
FALSE_ALARM_SHARE = 0.05
DISSUADED_SHARE = {Tier.LOW: 0.8, Tier.MEDIUM: 0.85, Tier.HIGH: 0.9}
ANSWERS = {
    "who": ("你们是谁？", "是不是骗子"),
    "no": ("没有转，谢谢", "知道了，没转账"),
    "paid": ("我已经转了两万，怎么办", "刚才把验证码给他了"),
    "officer": ("请民警联系我", "我很害怕，帮帮我"),
    "other": ("嗯？", "什么意思"),
}
"""What people write, by what they mean."""
_WEIGHTS = {"who": 30, "no": 40, "officer": 15, "other": 15}


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonPlan:
    """What one person does."""

    replies: Sequence[tuple[str, str]]
    """Meaning and text, in order; none: they do not write back."""
    outcome: str
    """As the desk records it: safe, lost_money or false_alarm."""
    lost_yuan: int = 0


PAID = PersonPlan(replies=[("paid", ANSWERS["paid"][0])], outcome="lost_money", lost_yuan=20_000)
"""Somebody who had paid before the warning came."""


def plan(case: Case) -> PersonPlan:
    """Return what the person of a case does: the same for the same case."""
    chance = random.Random(f"{SEED}:{case.id}")  # noqa: S311 - the same people each time
    if chance.random() < PAID_BEFORE_SHARE:
        replies = [_said(chance, "paid")] if chance.random() < REPLY_SHARE * 2 else []
        lost = chance.randrange(1_000, 50_000, 500)
        return PersonPlan(replies=replies, outcome="lost_money", lost_yuan=lost)
    replies = _replies(chance) if chance.random() < REPLY_SHARE else []
    if chance.random() < FALSE_ALARM_SHARE:
        return PersonPlan(replies=replies, outcome="false_alarm")
    if chance.random() < DISSUADED_SHARE[case.tier or Tier.LOW]:
        return PersonPlan(replies=replies, outcome="safe")
    lost = chance.randrange(500, 20_000, 500)
    return PersonPlan(replies=replies, outcome="lost_money", lost_yuan=lost)


def _replies(chance: random.Random) -> list[tuple[str, str]]:
    (first,) = chance.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
    said = [_said(chance, first)]
    if first in ("who", "other"):
        said.append(_said(chance, "no"))
    return said


def _said(chance: random.Random, meaning: str) -> tuple[str, str]:
    return meaning, chance.choice(ANSWERS[meaning])
