"""Kinds of financial fraud that clean-ups are about, with the law that each stands on.

They stand beside the ten kinds of `fanzha.fraud`, which are of the police's statistics: an entity
has one of these, and the entries that it leads to have the kind of those ten that victims meet.
"""

from enum import IntEnum

from fanzha.fraud import FraudType


class FinancialFraud(IntEnum):
    """What an entity does; numbered as on the wire."""

    ONLINE_LENDING = 1  # 网络借贷
    ILLEGAL_FUNDRAISING = 2  # 非法集资
    FALSE_ADVERTISING = 3  # 虚假广告
    VIRTUAL_CURRENCY = 4  # 虚拟货币
    RECHARGE_REBATE = 5  # 充值返利


LEGAL_BASES = {
    FinancialFraud.ONLINE_LENDING: "《网络借贷信息中介机构业务活动管理暂行办法》第十条",
    FinancialFraud.ILLEGAL_FUNDRAISING: "《防范和处置非法集资条例》（国务院令第737号）第二条",
    FinancialFraud.FALSE_ADVERTISING: "《中华人民共和国广告法》第二十八条",
    FinancialFraud.VIRTUAL_CURRENCY: "《关于进一步防范和处置虚拟货币交易炒作风险的通知》"
    "（银发〔2021〕237号）",
    FinancialFraud.RECHARGE_REBATE: "《防范和处置非法集资条例》（国务院令第737号）第十九条第三项",
}
"""Legal basis where the registration names none."""

FRAUD_TYPES = {
    FinancialFraud.ONLINE_LENDING: FraudType.FAKE_LOAN,
    FinancialFraud.ILLEGAL_FUNDRAISING: FraudType.FAKE_INVESTMENT,
    FinancialFraud.FALSE_ADVERTISING: FraudType.FAKE_INVESTMENT,
    FinancialFraud.VIRTUAL_CURRENCY: FraudType.FAKE_INVESTMENT,
    FinancialFraud.RECHARGE_REBATE: FraudType.BRUSHING_REBATE,
}
"""The kind of fraud of the list entries that an entity leads to."""
