"""Knows the names that columns of lists have, in Chinese and English, and what they hold.

A name is compared without case, spaces, full width, line breaks and what stands in brackets.
Where somebody has said what a column holds, that counts, see `Chosen`.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import TypeAlias

from fanzha.errors import InvalidInput

Chosen: TypeAlias = Mapping[str, str]
"""By the plain name of a column: what it holds, `IGNORED` for nothing."""
Choose: TypeAlias = Callable[[Sequence[str]], Chosen]
"""Returns what somebody has said of the columns of a header."""

IGNORED = "ignore"
PATTERN_COLUMNS: dict[str, tuple[str, ...]] = {
    "pattern": (
        "pattern", "value", "indicator", "ioc",
        "模式", "值", "名单内容", "封堵内容", "拦截内容", "处置对象", "封堵对象",
    ),
    "number": (
        "number", "phone", "phone_number", "msisdn", "tel", "telephone", "mobile", "caller",
        "calling_number", "caller_number", "a_number",
        "号码", "涉诈号码", "诈骗号码", "涉案号码", "违规号码", "封堵号码", "关停号码",
        "黑名单号码", "主叫", "主叫号码", "主叫号", "主叫电话", "来电号码", "涉诈电话", "诈骗电话",
        "电话", "电话号码", "手机", "手机号", "手机号码", "固话", "固定电话", "座机", "号段",
        "涉诈号段", "号码段",
    ),
    "callee": (
        "callee", "called", "called_number", "callee_number", "b_number",
        "被叫", "被叫号码", "被叫号", "被叫电话", "回拨号码",
    ),
    "sender": (
        "sender", "sender_id", "sms_sender", "发送方", "发送号码", "发送端口", "短信端口",
        "短信端口号", "接入码", "端口号",
    ),
    "url": (
        "url", "link", "uri", "web_address",
        "网址", "链接", "链接地址", "涉诈网址", "诈骗网址", "涉案网址", "网址链接", "涉诈链接",
        "url地址", "网页地址", "下载地址", "下载链接",
    ),
    "host": (
        "domain", "domain_name", "host", "hostname", "fqdn", "ip", "ip_address",
        "域名", "主机", "主机名", "涉诈域名", "诈骗域名", "涉案域名", "网站", "网站域名",
        "ip地址", "涉诈ip",
    ),
}  # fmt: skip
"""Columns that hold patterns. In one file, a "pattern" rules out the others; of numbers,
senders and callees, and of URLs and hosts, each row gives the first that it has."""
COLUMNS: dict[str, tuple[str, ...]] = {
    "type": ("type", "kind", "类型", "种类", "名单类型", "对象类型"),
    "action": (
        "action", "动作", "处置", "处置措施", "处置方式", "处置动作", "措施", "名单性质", "操作",
    ),
    "direction": ("direction", "方向", "呼叫方向", "拦截方向", "主被叫"),
    "fraud_type": (
        "fraud_type", "诈骗类型", "涉诈类型", "诈骗种类", "诈骗类别", "案件类型", "案件类别",
        "诈骗手法", "作案手法", "涉诈场景",
    ),
    "source": ("source", "来源", "数据来源", "来源单位", "信息来源", "提供单位", "报送单位"),
    "reason": (
        "reason", "description", "comment", "note", "category", "threat", "tags",
        "原因", "理由", "事由", "封堵原因", "拦截原因", "涉诈原因", "列入原因", "处置原因", "案情",
        "简要案情", "描述", "情况说明", "说明", "备注", "标签",
    ),
    "legal_basis": (
        "legal_basis", "law", "法律依据", "依据", "处置依据", "法律条款", "文号", "文件号",
        "发文字号",
    ),
    "expires": (
        "expires", "expires_at", "expiry", "expiration", "end_date", "valid_until",
        "有效期", "有效期至", "有效期限", "有效日期", "到期", "到期日", "到期日期", "到期时间",
        "失效时间", "失效日期", "截止", "截止日期", "截止时间", "封堵期限", "处置期限", "期限",
        "结束日期", "结束时间",
    ),
    "campaign": (
        "campaign", "batch",
        "专项", "专项行动", "行动", "批次", "批号", "批次号", "任务", "任务编号",
    ),
    "review": ("review", "review_at", "复核", "复核日期", "复核时间", "复审日期"),
    "mode": ("mode", "执行方式", "生效方式"),
}  # fmt: skip
"""Other columns; of several that hold the same, the first name here is taken."""
AMBIGUOUS = frozenset(
    (
        "phone", "phone_number", "tel", "telephone", "mobile", "电话", "电话号码", "手机", "手机号",
        "手机号码", "固话", "固定电话", "座机", "端口号",
    )
)  # fmt: skip
"""Beside hosts or URLs, these may be whom to call about a site, or its port: they are not used
there unless somebody says so."""
TARGETS = (*PATTERN_COLUMNS, *COLUMNS, IGNORED)

_BRACKETS = re.compile(r"\(.*?\)|\[.*?\]|【.*?】|〔.*?〕|<.*?>")
_SPACES = re.compile(r"[\s_-]+")
_EDGES = " \t\"'#*:：.、,，;；"
_TARGET_BY_NAME = {
    **{name: column for column, names in PATTERN_COLUMNS.items() for name in names},
    **{name: field for field, names in COLUMNS.items() for name in names},
    **dict.fromkeys([IGNORED, "-", "忽略", "不用"], IGNORED),
}


def plain(name: str) -> str:
    """Return the name of a column as it is compared."""
    if not name.isascii():
        name = unicodedata.normalize("NFKC", name)
    without = _BRACKETS.sub("", name).strip(_EDGES)
    joint = "_" if without.isascii() else ""
    return _SPACES.sub(joint, (without or name.strip(_EDGES)).lower())


def target_of(name: str) -> str:
    """Return what a column of this name holds; empty for one that is not known."""
    return _TARGET_BY_NAME.get(plain(name), "")


def chosen(pairs: Iterable[str]) -> dict[str, str]:
    """Read choices such as ``号码=pattern`` or ``备注=ignore``; `InvalidInput` for a wrong one."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, mark, word = pair.rpartition("=")
        target = word.strip() if word.strip() in TARGETS else target_of(word)
        if not mark or not plain(name) or not target:
            raise InvalidInput(
                f"not a choice such as 号码=number: {pair[:100]!r}; a column may hold "
                + ", ".join(TARGETS)
            )
        found[plain(name)] = target
    return found


def fingerprint(names: Sequence[str]) -> str:
    """Return what tells one header from another: 32 hexadecimal digits."""
    text = "\x1f".join(map(plain, names)).rstrip("\x1f")
    return blake2b(text.encode(errors="replace"), digest_size=16).hexdigest()


def nothing_chosen(_names: Sequence[str]) -> Chosen:
    """Leave it to the names what columns hold."""
    return {}
