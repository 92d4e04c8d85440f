"""What columns and groups of the report on warnings are called, in Chinese and English."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from blocklists.importers import words as list_words
from fanzha.v1 import warning_report_pb2 as pb
from services.warning.policy.places import places

LANGUAGES = ("zh", "en")
BY = {
    "city": pb.WARNING_REPORT_BY_CITY,
    "county": pb.WARNING_REPORT_BY_COUNTY,
    "source": pb.WARNING_REPORT_BY_SOURCE,
    "fraud_type": pb.WARNING_REPORT_BY_FRAUD_TYPE,
    "day": pb.WARNING_REPORT_BY_DAY,
    "tier": pb.WARNING_REPORT_BY_TIER,
}


class Column(NamedTuple):
    """One figure."""

    zh: str
    en: str
    text: Callable[[pb.WarningFigures], str]

    def head(self, language: str, minutes: int) -> str:
        """Return what it is called."""
        return (self.zh if language == "zh" else self.en).format(minutes=minutes)


def _count(name: str) -> Callable[[pb.WarningFigures], str]:
    return lambda one: f"{getattr(one, name):,}"


def _share(name: str) -> Callable[[pb.WarningFigures], str]:
    return lambda one: f"{getattr(one, name):.1%}" if one.HasField(name) else "–"  # type: ignore[arg-type]


def _money(one: pb.WarningFigures) -> str:
    return f"{one.lost_fen / 100:,.2f} ({one.lost_known:,})" if one.lost_known else "–"


def _delay(name: str) -> Callable[[pb.WarningFigures], str]:
    def text(one: pb.WarningFigures) -> str:
        took: pb.WarningDelay = getattr(one, name)
        if not took.count:
            return "–"
        return f"{took.median_seconds / 60:.1f} / {took.p90_seconds / 60:.1f}"

    return text


CASES = Column("案件", "cases", _count("cases"))
SINCE_EVENT = Column(
    "事发{minutes}分钟内预警", "warned ≤{minutes} min of event", _share("event_in_time_share")
)
SINCE_INTAKE = Column(
    "接报{minutes}分钟内预警", "warned ≤{minutes} min of intake", _share("intake_in_time_share")
)
REACHED = Column("触达率", "reached", _share("reached_share"))
FINISHED = Column("到期完成率", "finished of due", _share("finished_of_due_share"))
ACCURACY = Column("准确率", "accuracy", _share("accuracy"))
DISSUADED = Column("劝阻成功", "dissuaded", _count("dissuaded"))
LOST_MONEY = Column("已受损", "lost money", _count("lost_money"))
OVERDUE = Column("逾期", "overdue", _count("overdue"))
OPEN = Column("未结", "open", _count("open"))

OF_GROUPS = (
    CASES,
    SINCE_EVENT._replace(zh="事发\n≤{minutes}分", en="event\n≤{minutes} m"),
    SINCE_INTAKE._replace(zh="接报\n≤{minutes}分", en="intake\n≤{minutes} m"),
    REACHED._replace(zh="触达", en="reached"),
    FINISHED._replace(zh="完成", en="fi-\nnished"),
    ACCURACY._replace(zh="准确", en="accu-\nracy"),
    DISSUADED._replace(zh="劝阻", en="dis-\nsuaded"),
    LOST_MONEY._replace(zh="受损", en="lost"),
    OVERDUE,
    OPEN,
)
"""Columns of the table of groups: the same figures, called shorter."""
OF_ALL = (
    CASES,
    Column("重复案件(不计入)", "duplicates (not counted)", _count("duplicates")),
    Column("已预警", "warned", _count("warned")),
    SINCE_EVENT,
    SINCE_INTAKE,
    Column(
        "事发至预警(分钟,中位/九成)",
        "event to warned (minutes: median / 90 %)",
        _delay("event_to_warned"),
    ),
    Column(
        "接报至预警(分钟,中位/九成)",
        "intake to warned (minutes: median / 90 %)",
        _delay("intake_to_warned"),
    ),
    Column("已触达", "reached", _count("reached")),
    Column("触达率", "share reached", _share("reached_share")),
    FINISHED,
    Column("总完成率", "finished of all", _share("finished_of_all_share")),
    ACCURACY,
    Column("确认安全", "safe", _count("safe")),
    Column("其中劝阻成功", "of these dissuaded", _count("dissuaded")),
    LOST_MONEY,
    Column("损失金额(元,已知案件数)", "yuan lost (of so many cases)", _money),
    Column("无法联系", "unreachable", _count("unreachable")),
    Column("误报", "false alarms", _count("false_alarms")),
    OPEN,
    OVERDUE,
)
"""Lines of all cases together."""

_BY_HEADS = {
    "city": ("市", "city"),
    "county": ("县区", "county"),
    "source": ("来源", "source"),
    "fraud_type": ("诈骗类型", "fraud type"),
    "day": ("日期", "day"),
    "tier": ("等级", "tier"),
}
_TIERS: Mapping[str, str] = {"high": "高", "medium": "中", "low": "低"}


def by_head(by: str, language: str) -> str:
    """Return what the groups are called."""
    return _BY_HEADS[by][0 if language == "zh" else 1]


def group(name: str, by: str, language: str) -> str:
    """Return what a group is called; regions by name in Chinese, by code in English."""
    if not name:
        return "未知" if language == "zh" else "not known"
    if language != "zh":
        return name
    if by in ("city", "county"):
        return _place(name)
    if by == "fraud_type":
        return _fraud(name)
    return _TIERS.get(name, name) if by == "tier" else name


def _place(code: str) -> str:
    known = places()
    if not code.isdecimal():
        return code
    return known.label(f"{code[:2]}0000", code) if code in known.names else code


def _fraud(name: str) -> str:
    kind = list_words.FRAUD_TYPES.get(name)
    named = (word for word, one in list_words.FRAUD_TYPES.items() if one is kind)
    return next((word for word in named if not word.isascii()), name)
