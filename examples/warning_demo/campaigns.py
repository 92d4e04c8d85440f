"""The traffic of the demo: three campaigns, a mistake, and ordinary calls and texts; seeded.

Nobody in it exists: numbers lie in ranges that are assigned to nobody, or kept for fiction (+44
7700 900…, +1 202 555 01…), names of hosts end in ``.example``.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from fanzha.client import Call, Text
from fanzha.v1 import interception_pb2 as pb

SEED = 20261125
CITIES = {"合肥": "1", "马鞍山": "2", "杭州": "3"}
"""Each with the digit that its numbers have here."""

BANK = "star-river-bank"
"""The bureau's name for the campaign: it connects the link in the text and the calls."""
BANK_HOST = "bank-verify.example"
FROM_ABROAD = ("+44770090012", "+120255501")
ONE_RING = "+8617000099"
LOAN_SENDER = "EasyLoan"
FORGED = "+8619900000077"
COURIER = "+8617000077001"
"""A parcel service that was listed by mistake."""
LOSS_TO = "+8617000066001"
"""The number that took money; not listed yet."""

UNREACHABLE = "7"
"""Numbers that end so have their phones switched off."""

_BANK_TEXT = "【星河银行】您的账户存在风险，请于今日登录 http://{host}/s/{token} 验证，逾期将冻结。"
_LOAN_TEXT = "无抵押贷款，最高20万，当天放款，不看征信。申请 http://easy-loan.example/a/{token}"
_ORDINARY = ("妈，我到家了，勿念。", "明天下午三点开会，地点不变。", "晚上一起吃饭吧，老地方见。")


def person(city: str, number: int) -> str:
    """Return the number of a person in a city."""
    return f"+8617000010{CITIES[city]}{number:02}"


@dataclass(slots=True, kw_only=True)
class Traffic:
    """The traffic of a carrier, in order, and the campaign of each row."""

    calls: list[Call] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    at_risk: set[tuple[str, str]] = field(default_factory=set)
    """Pairs of person and campaign: one case is expected for each."""

    def call(self, campaign: str, caller: str, callee: str, *, abroad: bool = False) -> None:
        """Add a call that puts its callee at risk."""
        ingress = pb.INGRESS_INTERNATIONAL if abroad else pb.INGRESS_INTERCONNECT
        self.calls.append(Call(caller=caller, callee=callee, ingress=ingress))
        self.at_risk.add((callee, campaign))

    def text(self, campaign: str, sender: str, receiver: str, body: str) -> None:
        """Add a text that puts its receiver at risk."""
        self.texts.append(Text(sender=sender, receiver=receiver, body=body))
        self.at_risk.add((receiver, campaign))


def bank(people: int) -> Traffic:
    """Text a fake link of a bank to everybody, then call half of them from abroad."""
    made, chance = Traffic(), _chance(0)
    for victim in _people(people):
        sender = f"+86170000880{chance.randrange(100):02}"
        body = _BANK_TEXT.format(host=BANK_HOST, token=f"{chance.randrange(16**6):06x}")
        made.text(BANK, sender, victim, body)
        if chance.random() < 0.5 or not made.calls:  # noqa: PLR2004
            uk, us = (f"{FROM_ABROAD[0]}{chance.randrange(10)}", f"{FROM_ABROAD[1]}42")
            first = chance.random() < 0.7  # noqa: PLR2004
            made.call(BANK, uk if first else us, victim, abroad=True)
    return made


def one_ring(people: int) -> Traffic:
    """Let phones ring once; one person in six calls back."""
    made, chance = Traffic(), _chance(1)
    for place, victim in enumerate(_people(people)):
        caller = f"{ONE_RING}{chance.randrange(1000):03}"
        made.call("one ring", caller, victim)
        if place % 6 == 0:
            made.calls.append(Call(caller=victim, callee=caller))
    return made


def early() -> Traffic:
    """Begin the one-ring wave with four people of each city, before it is listed."""
    made = Traffic()
    for city in CITIES:
        for number in range(80, 84):
            made.call("one ring", f"{ONE_RING}{number:03}", person(city, number))
    return made


def loan(people: int) -> Traffic:
    """Offer everybody a loan."""
    made, chance = Traffic(), _chance(2)
    for victim in _people(people):
        body = _LOAN_TEXT.format(token=f"{chance.randrange(16**6):06x}")
        made.text("loan", LOAN_SENDER, victim, body)
    return made


def forged() -> Traffic:
    """Call once from abroad with a number of this country."""
    made = Traffic()
    made.call("forged", FORGED, person("杭州", 90), abroad=True)
    return made


def courier() -> Traffic:
    """Let the parcel service call three people."""
    made = Traffic()
    for number in (91, 92, 93):
        made.call("courier", COURIER, person("合肥", number))
    return made


def ordinary(people: int) -> Traffic:
    """Let people call and text each other, without risk."""
    made, chance = Traffic(), _chance(3)
    everybody = list(_people(people))
    for _ in range(people):
        one, other = chance.sample(everybody, 2)
        made.calls.append(Call(caller=one, callee=other, ingress=pb.INGRESS_LOCAL))
        one, other = chance.sample(everybody, 2)
        made.texts.append(Text(sender=one, receiver=other, body=chance.choice(_ORDINARY)))
    return made


def _chance(number: int) -> random.Random:
    return random.Random(SEED + number)  # noqa: S311 - the same traffic each time


def _people(count: int) -> Iterator[str]:
    """Return so many people, spread over the cities."""
    for place in range(count):
        yield person(list(CITIES)[place % len(CITIES)], place // len(CITIES))
