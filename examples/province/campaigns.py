"""The fraud of two years: campaigns with a kind, a time, a place, and the means that they use."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from blocklists.entries import EntryKind, Source, entry_id
from examples.province.places import counties
from fanzha.decisions import Action
from fanzha.fraud import FraudType
from fanzha.tables import Channel

SEED = 20261130
DAYS = 730
_PER_YEAR = 60

_SHARES: dict[FraudType, float] = {
    FraudType.BRUSHING_REBATE: 0.26,
    FraudType.FAKE_INVESTMENT: 0.15,
    FraudType.FAKE_CUSTOMER_SERVICE: 0.14,
    FraudType.FAKE_SHOPPING: 0.12,
    FraudType.FAKE_LOAN: 0.11,
    FraudType.FAKE_CREDIT: 0.06,
    FraudType.IMPERSONATE_AUTHORITY: 0.06,
    FraudType.IMPERSONATE_ACQUAINTANCE: 0.04,
    FraudType.ROMANCE: 0.03,
    FraudType.GAME_TRADE: 0.03,
}
_NAMES: dict[FraudType, tuple[str, str, str]] = {
    FraudType.BRUSHING_REBATE: ("点赞返现", "任务群", "rebate"),
    FraudType.FAKE_INVESTMENT: ("内部荐股", "导师带单", "invest"),
    FraudType.FAKE_CUSTOMER_SERVICE: ("百万保障", "冒充客服", "kefu"),
    FraudType.FAKE_SHOPPING: ("低价代购", "内部券", "deal"),
    FraudType.FAKE_LOAN: ("无抵押贷款", "快贷", "loan"),
    FraudType.FAKE_CREDIT: ("注销校园贷", "修复征信", "credit"),
    FraudType.IMPERSONATE_AUTHORITY: ("涉案调查", "冒充公检法", "gov"),
    FraudType.IMPERSONATE_ACQUAINTANCE: ("冒充领导", "换号转账", "boss"),
    FraudType.ROMANCE: ("网恋荐彩", "异地交友", "date"),
    FraudType.GAME_TRADE: ("装备交易", "代练", "game"),
}
TEXTS: dict[FraudType, str] = {
    FraudType.BRUSHING_REBATE: "在家点赞关注就能赚，日结佣金，首单返现，名额有限，进群领取 http://{host}/t/{token}",
    FraudType.FAKE_INVESTMENT: "老师今晚公布内部牛股，跟上一周翻倍，入群听课 http://{host}/g/{token}",
    FraudType.FAKE_CUSTOMER_SERVICE: "【客服】您开通的百万保障今日到期，不关闭将每月扣费800元，办理 http://{host}/c/{token}",
    FraudType.FAKE_SHOPPING: "内部渠道，名表手机三折直发，先付定金，看货 http://{host}/s/{token}",
    FraudType.FAKE_LOAN: "无抵押贷款，最高20万，当天放款，不看征信。申请 http://{host}/a/{token}",
    FraudType.FAKE_CREDIT: "您的学生账户未注销将影响征信，请尽快办理 http://{host}/z/{token}",
    FraudType.IMPERSONATE_AUTHORITY: "您名下账户涉嫌洗钱，请立即登录核实，否则冻结资产 http://{host}/q/{token}",
    FraudType.IMPERSONATE_ACQUAINTANCE: "小王，我换号了，记一下。现在开会，先帮我转笔款。",
    FraudType.ROMANCE: "哥，我在平台上发现一个规律，跟我一起下就能赚 http://{host}/l/{token}",
    FraudType.GAME_TRADE: "高价收号收装备，平台担保，秒到账 http://{host}/y/{token}",
}
"""What the texts of each kind say; ``{token}`` differs in each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignMeans:
    """A number, range, sender or host of a campaign, and its entry."""

    kind: EntryKind
    pattern: str

    @property
    def entry_id(self) -> str:
        """Return the id of the entry that blocks it."""
        return entry_id(self.kind, self.pattern, Action.BLOCK)


@dataclass(frozen=True, kw_only=True)
class FraudCampaign:
    """One campaign."""

    place: int
    kind: FraudType
    name: str
    first_day: int
    """Day of the two years on which it begins, from 0."""
    last_day: int
    hot: int
    """County around which half of its victims live."""
    strength: float
    source: Source
    """Who reports it."""
    abroad: bool
    """Whether its calls come from abroad."""
    slug: str

    @cached_property
    def numbers(self) -> tuple[CampaignMeans, ...]:
        """Return the numbers that it calls and texts from."""
        first = 86_17099_000_000 + self.place * 1000
        written = [f"+{first + number}" for number in range(6)]
        if self.abroad:
            written[:2] = [f"+44770090{self.place:04}"[:13], f"+1202555{100 + self.place % 100:04}"]
        return tuple(CampaignMeans(kind=EntryKind.NUMBER, pattern=one) for one in written)

    @cached_property
    def range(self) -> CampaignMeans:
        """Return the range that is listed once single numbers do not do."""
        first = 86_17099_000_000 + self.place * 1000
        return CampaignMeans(kind=EntryKind.RANGE, pattern=f"+{first // 1000}*")

    @cached_property
    def hosts(self) -> tuple[CampaignMeans, ...]:
        """Return the hosts of its links."""
        written = [f"{self.slug}-{self.place:02}{letter}.example" for letter in "abc"]
        return tuple(CampaignMeans(kind=EntryKind.HOST, pattern=one) for one in written)

    @cached_property
    def senders(self) -> tuple[CampaignMeans, ...]:
        """Return the names that its texts carry as sender."""
        name = f"{self.slug.title()}{self.place:02}"
        return (CampaignMeans(kind=EntryKind.SENDER, pattern=name),)

    def means(self, channel: Channel) -> tuple[CampaignMeans, ...]:
        """Return what blocks it on a channel."""
        match channel:
            case Channel.CALL:
                return self.numbers
            case Channel.TEXT:
                return (*self.senders, *self.hosts[:1])
            case Channel.LINK:
                return self.hosts

    def text(self, token: int) -> str:
        """Return a text."""
        host = self.hosts[0].pattern
        return TEXTS[self.kind].format(host=host, token=f"{token:06x}")


def all_campaigns() -> tuple[FraudCampaign, ...]:
    """Return the campaigns of the two years, in the order of their beginning."""
    chance = np.random.default_rng(SEED)
    rows = _PER_YEAR * DAYS // 365
    kinds = list(_SHARES)
    drawn = chance.choice(len(kinds), rows, p=list(_SHARES.values()))
    begins = np.sort(chance.integers(-20, DAYS - 4, rows))
    lengths = chance.integers(12, 75, rows)
    people = np.array([one.people for one in counties()], np.float64)
    hot = chance.choice(len(people), rows, p=people / people.sum())
    made = []
    for place in range(rows):
        kind = kinds[int(drawn[place])]
        first, second, slug = _NAMES[kind]
        name = f"{first if place % 2 else second}{place // 2 + 1:02}号"
        made.append(
            FraudCampaign(
                place=place,
                kind=kind,
                name=name,
                first_day=max(0, int(begins[place])),
                last_day=min(DAYS - 1, int(begins[place] + lengths[place])),
                hot=int(hot[place]),
                strength=float(chance.gamma(2.0, 0.5) + 0.2),
                source=Source(int(chance.integers(1, 6))),
                abroad=kind is FraudType.IMPERSONATE_AUTHORITY or place % 7 == 0,
                slug=slug,
            )
        )
    return tuple(made)


def active(campaigns: tuple[FraudCampaign, ...], day: int) -> list[FraudCampaign]:
    """Return the campaigns of a day; never none."""
    found = [one for one in campaigns if one.first_day <= day <= one.last_day]
    return found or [campaigns[0]]
