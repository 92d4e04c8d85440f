"""What the labels and categories of labelled tables mean.

Spam is a third class: it is neither legitimate nor fraud, so no rate counts it on either side.
Unknown labels are not counted; readers of tables report how many there were.
"""

from enum import IntEnum

from fanzha.fraud import FraudType


class LabelKind(IntEnum):
    """What a row is."""

    UNKNOWN = 0
    LEGITIMATE = 1
    SPAM = 2
    FRAUD = 3


LABELS = {
    "ham": LabelKind.LEGITIMATE,
    "benign": LabelKind.LEGITIMATE,
    "legitimate": LabelKind.LEGITIMATE,
    "nonfraud": LabelKind.LEGITIMATE,
    "0": LabelKind.LEGITIMATE,
    "spam": LabelKind.SPAM,
    "fraud": LabelKind.FRAUD,
    "malicious": LabelKind.FRAUD,
    "1": LabelKind.FRAUD,
}

CATEGORIES = {
    "刷单返利": FraudType.BRUSHING_REBATE,
    "刷单返利、兼职": FraudType.BRUSHING_REBATE,
    "虚假网络投资理财": FraudType.FAKE_INVESTMENT,
    "投资诈骗": FraudType.FAKE_INVESTMENT,
    "虚假购物服务": FraudType.FAKE_SHOPPING,
    "冒充电商物流客服": FraudType.FAKE_CUSTOMER_SERVICE,
    "冒充客服": FraudType.FAKE_CUSTOMER_SERVICE,
    "客服诈骗": FraudType.FAKE_CUSTOMER_SERVICE,
    "虚假贷款": FraudType.FAKE_LOAN,
    "贷款、代办信用卡": FraudType.FAKE_LOAN,
    "虚假征信": FraudType.FAKE_CREDIT,
    "冒充领导、熟人": FraudType.IMPERSONATE_ACQUAINTANCE,
    "冒充公检法及政府机关": FraudType.IMPERSONATE_AUTHORITY,
    "网络婚恋、交友": FraudType.ROMANCE,
    "网络交友": FraudType.ROMANCE,
    "网络游戏产品虚假交易": FraudType.GAME_TRADE,
    "游戏、账号交易": FraudType.GAME_TRADE,
} | {kind.name.lower(): kind for kind in FraudType if kind}


def kind_of(label: str) -> LabelKind:
    """Return what *label* means."""
    return LABELS.get(label.strip().casefold(), LabelKind.UNKNOWN)


def fraud_type_of(category: str) -> FraudType:
    """Return the kind of fraud *category* names; unspecified where it names none of ours."""
    return CATEGORIES.get(category.strip().casefold(), FraudType.UNSPECIFIED)
