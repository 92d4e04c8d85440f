"""Reads the words that say what an entry does, as lists in Chinese and English have them."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import TypeVar

from blocklists.entries import NO_END_S, Direction, Kind, Mode, Source
from fanzha.decisions import Action
from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType

Word = TypeVar("Word")

_CHINA_TIME = timezone(timedelta(hours=8))

ACTIONS = {
    **dict.fromkeys(
        [
            "block",
            "deny",
            "blacklist",
            "blocklist",
            "reject",
            "drop",
            "拦截",
            "阻断",
            "封堵",
            "黑名单",
            "关停",
            "停机",
            "封停",
            "封禁",
            "屏蔽",
            "禁止",
            "拉黑",
        ],
        Action.BLOCK,
    ),
    **dict.fromkeys(
        ["allow", "accept", "whitelist", "allowlist", "pass", "放行", "允许", "白名单"],
        Action.ALLOW,
    ),
}
DIRECTIONS = {
    **dict.fromkeys(["from", "caller", "outgoing", "主叫", "发送"], Direction.FROM),
    **dict.fromkeys(["to", "callee", "incoming", "被叫", "接收"], Direction.TO),
    **dict.fromkeys(["both", "any", "双向", "全部"], Direction.BOTH),
}
SOURCES = {
    **dict.fromkeys(["ministry", "部委", "公安部", "工信部", "工业和信息化部"], Source.MINISTRY),
    **dict.fromkeys(["province", "省", "省厅", "省级", "公安厅"], Source.PROVINCE),
    **dict.fromkeys(["bureau", "管局", "通管局", "通信管理局"], Source.BUREAU),
    **dict.fromkeys(
        ["carrier", "operator", "运营商", "电信运营商", "基础电信企业"], Source.CARRIER
    ),
    **dict.fromkeys(
        ["tech_company", "company", "互联网企业", "互联网公司", "科技公司"], Source.TECH_COMPANY
    ),
}
MODES = {
    **dict.fromkeys(["enforce", "active", "执行", "生效", "正式"], Mode.ENFORCE),
    **dict.fromkeys(["shadow", "watch", "观察", "试运行", "影子"], Mode.SHADOW),
}
KINDS: dict[str, Kind | None] = {
    **dict.fromkeys(
        ["number", "phone", "msisdn", "号码", "电话", "电话号码", "手机", "手机号", "固话", "座机"],
        None,
    ),
    **dict.fromkeys(["range", "prefix", "号段"], Kind.RANGE),
    **dict.fromkeys(["sender", "sender_id", "发送方", "端口号", "短信端口"], Kind.SENDER),
    **dict.fromkeys(
        ["host", "hostname", "domain", "fqdn", "ip", "ipv4", "ipv6", "域名", "主机"], Kind.HOST
    ),
    **dict.fromkeys(["url", "uri", "link", "url_prefix", "网址", "链接"], Kind.URL_PREFIX),
    **dict.fromkeys(["fingerprint", "text", "指纹", "短信指纹", "短信内容"], Kind.FINGERPRINT),
}
"""Words of a column "type"; None: a number or a range, to be told from the pattern."""

_FRAUD_NAMES = {
    "刷单返利": FraudType.BRUSHING_REBATE,
    "虚假网络投资理财": FraudType.FAKE_INVESTMENT,
    "虚假投资理财": FraudType.FAKE_INVESTMENT,
    "虚假购物服务": FraudType.FAKE_SHOPPING,
    "虚假购物": FraudType.FAKE_SHOPPING,
    "冒充电商物流客服": FraudType.FAKE_CUSTOMER_SERVICE,
    "冒充客服": FraudType.FAKE_CUSTOMER_SERVICE,
    "虚假贷款": FraudType.FAKE_LOAN,
    "虚假网络贷款": FraudType.FAKE_LOAN,
    "虚假征信": FraudType.FAKE_CREDIT,
    "冒充领导、熟人": FraudType.IMPERSONATE_ACQUAINTANCE,
    "冒充领导熟人": FraudType.IMPERSONATE_ACQUAINTANCE,
    "冒充公检法及政府机关": FraudType.IMPERSONATE_AUTHORITY,
    "冒充公检法": FraudType.IMPERSONATE_AUTHORITY,
    "网络婚恋、交友": FraudType.ROMANCE,
    "网络婚恋交友": FraudType.ROMANCE,
    "网络游戏产品虚假交易": FraudType.GAME_TRADE,
}
FRAUD_TYPES = {
    **{member.name.lower(): member for member in FraudType},
    **{str(member.value): member for member in FraudType},
    **_FRAUD_NAMES,
}

_DATE = re.compile(
    r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?"
    r"(?:[T ](\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?)?(Z)?"
)
_TERM = re.compile(r"(\d{1,5})\s*(?:(d|days?|天|日)|(w|weeks?|周)|(months?|个?月)|(y|years?|年))")
_DAYS = (1, 7, 30, 365)
"""Of a day, a week, a month and a year: terms, not calendars."""
_FROM_TO = re.compile(r"\s*(?:至|到|~|～|—+|–| - )\s*")
_SECONDS = re.compile(r"\d{9,10}")
_NO_END = frozenset(["never", "permanent", "none", "永久", "长期", "-"])


def read_action(text: str) -> Action:
    """Read what to do with what matches."""
    return _read(text, ACTIONS, "action", "block or allow")


def read_direction(text: str) -> Direction:
    """Read which side an entry acts on."""
    return _read(text, DIRECTIONS, "direction", "from, to or both")


def read_source(text: str) -> Source:
    """Read who supplied an entry."""
    return _read(text, SOURCES, "source", ", ".join(source.name.lower() for source in Source))


def read_fraud_type(text: str) -> FraudType:
    """Read a kind of fraud: its name, number or official Chinese name."""
    return _read(
        text, FRAUD_TYPES, "fraud type", ", ".join(kind.name.lower() for kind in FraudType)
    )


def read_mode(text: str) -> Mode:
    """Read whether an entry decides or only counts."""
    return _read(text, MODES, "mode", "enforce or shadow")


def read_kind(text: str) -> Kind | None:
    """Read what a pattern is; None for a number or range, which the pattern tells apart."""
    return _read(text, KINDS, "type", "number, range, sender, host or url")


def read_expiry(text: str, now_s: int) -> int | None:
    """Read when an entry ends, in seconds since the epoch; None for "never".

    Takes a term such as ``30d``, ``30天`` or ``6个月`` from *now_s*, a date, which is included
    and is China's unless it says Z, the last of two dates, or seconds. A month is 30 days and a
    year 365.
    """
    text = text.strip()
    if text.lower() in _NO_END:
        return None
    return _read_end(text, now_s, "expires")


def read_review(text: str, now_s: int) -> int:
    """Read when an entry must be looked at again: a term or date, as `read_expiry` takes them."""
    return _read_end(text.strip(), now_s, "review")


def _read_end(text: str, now_s: int, field: str) -> int:
    if match := _TERM.fullmatch(text.lower()):
        days = next(days for days, unit in zip(_DAYS, match.groups()[1:], strict=True) if unit)
        end = now_s + int(match[1]) * days * 86_400
    elif _SECONDS.fullmatch(text):
        end = int(text)
    else:
        end = _read_date(_FROM_TO.split(text)[-1], field)
    if not now_s < end < NO_END_S:
        raise InvalidInput(f"{field}: already over, or beyond 2106: {text!r}")
    return end


def _read_date(text: str, field: str) -> int:
    match = _DATE.fullmatch(text)
    if match is None:
        raise InvalidInput(
            f"{field}: not a date such as 2026-12-31 nor a term such as 30d: {text!r}"
        )
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    zone = UTC if match[7] else _CHINA_TIME
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError as error:
        raise InvalidInput(f"{field}: no such date: {text!r}") from error
    if match[4] is None:
        moment += timedelta(days=1)
    return int(moment.timestamp())


def _read(text: str, words: Mapping[str, Word], field: str, known: str) -> Word:
    word = text.strip().lower().replace("-", "_")
    if word not in words:
        raise InvalidInput(f"{field}: none of {known}: {text[:50]!r}")
    return words[word]
