"""Figures and groups of the report on warnings, called as `report_words.toml` says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple

from blocklists.importers import vocabulary as list_words
from fanzha.toml_files import read_table
from fanzha.v1 import warning_report_pb2 as pb
from fanzha.v1 import warning_report_pb2_grpc
from services.cli._common.server import ServerOf
from services.warning.policy.places import places

server = ServerOf(lambda: warning_report_pb2_grpc.WarningReportServiceStub)
LANGUAGES = ("zh", "en")
BY = ("city", "county", "source", "fraud_type", "day", "tier")
"""What a report can be grouped by."""


class Column(NamedTuple):
    """One figure."""

    table: str
    """Where it is named: among ``all`` cases or in the table of ``groups``."""
    name: str
    text: Callable[[pb.WarningFigures], str]

    def head(self, language: str, minutes: int) -> str:
        """Return what it is called."""
        return _words()[self.table][self.name][language].format(minutes=minutes)


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


_FIGURES: Mapping[str, Callable[[pb.WarningFigures], str]] = {
    "cases": _count("cases"),
    "duplicates": _count("duplicates"),
    "warned": _count("warned"),
    "event_in_time": _share("event_in_time_share"),
    "intake_in_time": _share("intake_in_time_share"),
    "event_to_warned": _delay("event_to_warned"),
    "intake_to_warned": _delay("intake_to_warned"),
    "reached": _count("reached"),
    "reached_share": _share("reached_share"),
    "finished_of_due": _share("finished_of_due_share"),
    "finished_of_all": _share("finished_of_all_share"),
    "accuracy": _share("accuracy"),
    "safe": _count("safe"),
    "dissuaded": _count("dissuaded"),
    "lost_money": _count("lost_money"),
    "lost_yuan": _money,
    "unreachable": _count("unreachable"),
    "false_alarms": _count("false_alarms"),
    "open": _count("open"),
    "overdue": _count("overdue"),
}
_IN_GROUPS = (
    "cases", "event_in_time", "intake_in_time", "reached_share", "finished_of_due", "accuracy",
    "dissuaded", "lost_money", "overdue", "open",
)  # fmt: skip
_NAMES: Mapping[str, tuple[str, ...]] = {
    "all": tuple(_FIGURES),
    "groups": _IN_GROUPS,
    "by": BY,
    "tiers": ("high", "medium", "low"),
    "unknown": ("group",),
}
OF_GROUPS = tuple(Column("groups", name, _FIGURES[name]) for name in _IN_GROUPS)
"""Columns of the table of groups: the same figures, called shorter."""
OF_ALL = tuple(Column("all", name, text) for name, text in _FIGURES.items())
"""Lines of all cases together."""


def read(file: Traversable) -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Read words by table, name and language; `ValueError` for one that is missing or wrong."""
    tables = read_table(file)
    if {name: sorted(table) for name, table in tables.items()} != {
        name: sorted(names) for name, names in _NAMES.items()
    }:
        raise ValueError(f"{file.name}: names other things than {_NAMES}")
    for name, table in tables.items():
        for key, words in table.items():
            where = f"{file.name}: [{name}] {key}"
            if sorted(words) != sorted(LANGUAGES) or not all(words.values()):
                raise ValueError(f"{where}: not in {' and '.join(LANGUAGES)}")
            try:
                [text.format(minutes=15) for text in words.values()]
            except (KeyError, IndexError, ValueError) as error:
                raise ValueError(f"{where}: knows no placeholder but {{minutes}}") from error
    return tables


def by_head(by: str, language: str) -> str:
    """Return what the groups are called."""
    return _words()["by"][by][language]


def group(name: str, by: str, language: str) -> str:
    """Return what a group is called; regions by name in Chinese, by code in English."""
    if not name:
        return _words()["unknown"]["group"][language]
    if by == "tier" and name in _words()["tiers"]:
        return _words()["tiers"][name][language]
    if language != "zh":
        return name
    if by in ("city", "county"):
        return _place(name)
    return _fraud(name) if by == "fraud_type" else name


@cache
def _words() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    return read(files(__package__) / "report_words.toml")


def _place(code: str) -> str:
    known = places()
    if not code.isdecimal():
        return code
    return known.label(f"{code[:2]}0000", code) if code in known.names else code


def _fraud(name: str) -> str:
    kind = list_words.FRAUD_TYPES.get(name)
    named = (word for word, one in list_words.FRAUD_TYPES.items() if one is kind)
    return next((word for word in named if not word.isascii()), name)
