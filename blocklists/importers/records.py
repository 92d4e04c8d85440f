"""Knows the names that columns of lists have, in Chinese and English.

Tables and records of one list share this: `Layout` finds the columns once, and
every row is then read by position.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from blocklists.entries import Kind
from blocklists.importers import words
from blocklists.importers.rows import BadLine, Item, Row
from fanzha.decisions import Action
from fanzha.errors import InvalidInput

PATTERN_COLUMNS: dict[str, tuple[str, ...]] = {
    "pattern": ("pattern", "value", "indicator", "ioc", "模式", "值", "名单内容"),
    "number": (
        "number", "phone", "phone_number", "msisdn", "tel", "telephone", "mobile", "caller",
        "号码", "电话", "电话号码", "手机", "手机号", "手机号码", "主叫号码", "涉诈号码", "号段",
    ),
    "sender": ("sender", "sender_id", "发送方", "发送号码", "端口号", "短信端口"),
    "url": ("url", "link", "uri", "网址", "链接", "链接地址", "涉诈网址"),
    "host": ("domain", "host", "hostname", "fqdn", "ip", "ip_address",
             "域名", "主机", "涉诈域名", "ip地址"),
}  # fmt: skip
"""Columns that hold patterns. Of several in one file the first group here is taken."""
COLUMNS: dict[str, tuple[str, ...]] = {
    "type": ("type", "kind", "类型", "种类", "名单类型"),
    "action": ("action", "动作", "处置", "处置措施", "处置方式"),
    "direction": ("direction", "方向"),
    "fraud_type": ("fraud_type", "诈骗类型", "涉诈类型"),
    "source": ("source", "来源", "数据来源", "来源单位"),
    "reason": ("reason", "description", "comment", "note", "category", "threat", "tags",
               "原因", "理由", "描述", "说明", "备注", "标签"),
    "legal_basis": ("legal_basis", "法律依据", "依据"),
    "expires": ("expires", "expires_at", "expiry", "valid_until",
                "有效期", "到期", "到期时间", "失效时间", "截止日期"),
    "campaign": ("campaign", "专项", "专项行动", "行动"),
    "review": ("review", "review_at", "复核", "复核日期", "复核时间", "复审日期"),
    "mode": ("mode", "执行方式", "生效方式"),
}  # fmt: skip

_KINDS = {"sender": Kind.SENDER, "url": Kind.URL_PREFIX, "host": Kind.HOST}
_FIELD_BY_NAME = {name: field for field, names in COLUMNS.items() for name in names}
_NUMBER_TRIMMINGS = " \t'\"="
"""What spreadsheets leave around numbers to keep them from being calculated with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Which column of a table is what; -1 where there is none."""

    pattern: int
    pattern_column: str
    fields: tuple[tuple[str, int], ...]
    """Optional fields there are, with their columns; "type" is first."""
    unused: tuple[str, ...] = ()

    @classmethod
    def of(cls, names: Sequence[str]) -> Self | None:
        """Recognise the columns by their *names*; None when none holds patterns."""
        places = {_plain(name): at for at, name in reversed([*enumerate(names)])}
        for column, aliases in PATTERN_COLUMNS.items():
            found = next((alias for alias in aliases if alias in places), None)
            if found is None:
                continue
            pattern = places.pop(found)
            fields = {}
            for name, at in places.items():
                if (field := _FIELD_BY_NAME.get(name)) and field not in fields:
                    fields[field] = at
            used = {pattern, *fields.values()}
            return cls(
                pattern=pattern,
                pattern_column=column,
                fields=tuple(sorted(fields.items(), key=lambda item: item[0] != "type")),
                unused=tuple(name for at, name in enumerate(names) if at not in used),
            )
        return None

    def item(self, line: int, cells: Sequence[str], action: Action | None = None) -> Item:
        """Read one row of the table."""
        try:
            return self._row(line, cells, action)
        except InvalidInput as error:
            return BadLine(line, ",".join(cells), str(error))
        except IndexError:
            return BadLine(line, ",".join(cells), "fewer columns than the header names")

    def _row(self, line: int, cells: Sequence[str], action: Action | None) -> Item:
        pattern, column = cells[self.pattern].strip(_NUMBER_TRIMMINGS), self.pattern_column
        if not pattern:
            return BadLine(line, ",".join(cells), f"{column}: empty")
        kind = _KINDS.get(column)
        row = Row(line, pattern, kind, action)
        if column == "number":
            row = row._replace(kind=_number_kind(pattern))
        for field, at in self.fields:
            if word := cells[at].strip():
                row = _READ_FIELD[field](row, word)
        return row


def record_item(line: int, record: Mapping[str, str], action: Action | None = None) -> Item:
    """Read one record, a mapping of column names to words."""
    layout = Layout.of(list(record))
    if layout is None:
        return BadLine(line, str(dict(record))[:200], "no member holds a pattern")
    return layout.item(line, list(record.values()), action)


def _read_kind(row: Row, word: str) -> Row:
    kind = words.read_kind(word)
    return row._replace(kind=_number_kind(row.pattern) if kind is None else kind)


_READ_FIELD: dict[str, Callable[[Row, str], Row]] = {
    "type": _read_kind,
    "action": lambda row, word: row._replace(action=words.read_action(word)),
    "direction": lambda row, word: row._replace(direction=words.read_direction(word)),
    "fraud_type": lambda row, word: row._replace(fraud_type=words.read_fraud_type(word)),
    "source": lambda row, word: row._replace(source=words.read_source(word)),
    "reason": lambda row, word: row._replace(reason=word),
    "legal_basis": lambda row, word: row._replace(legal_basis=word),
    "expires": lambda row, word: row._replace(expires=word),
    "campaign": lambda row, word: row._replace(campaign=word),
    "review": lambda row, word: row._replace(review=word),
    "mode": lambda row, word: row._replace(mode=words.read_mode(word)),
}


def _number_kind(pattern: str) -> Kind:
    return Kind.RANGE if pattern.endswith("*") else Kind.NUMBER


def _plain(name: str) -> str:
    return name.strip(" \t\"'#").lower().replace(" ", "_").replace("-", "_")
