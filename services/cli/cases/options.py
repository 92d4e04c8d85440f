"""Options of `fanzha cases`, and the words they take, in English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from blocklists.importers import vocabulary as list_words
from fanzha.translation.catalogue import gettext
from fanzha.v1 import case_pb2 as pb
from fanzha.v1 import case_pb2_grpc, warning_pb2
from services.cli._common.enum_words import LazyTable, enum_word
from services.cli._common.options import enum
from services.cli._common.server import ServerOf

server = ServerOf(lambda: case_pb2_grpc.CaseServiceStub)

FEN = 100

CaseId = Annotated[str, typer.Argument(help="Id of the case.")]
Revision = Annotated[
    int | None,
    typer.Option(help="Change nothing unless the case is at this revision, as `show` prints it."),
]

ListedRegion = Annotated[
    str, typer.Option(help="Code or name of a province, city or county; empty: your whole scope.")
]
ListedTiers = Annotated[
    list[str] | None, typer.Option(help="high 高, medium 中 or low 低; may be repeated.")
]
ListedStates = Annotated[
    list[str] | None,
    typer.Option(
        help="new, routed, warned, dissuading or closed; may be repeated; empty: all open ones."
    ),
]
ListedOfficer = Annotated[str, typer.Option(help="Only those of this officer.")]
ListedFraudTypes = Annotated[
    list[str] | None,
    typer.Option(help="Such as fake_loan or 虚假贷款; may be repeated."),
]
DueUntil = Annotated[
    str,
    typer.Option(
        help="Only those due by then, or waiting for a person: 30m, 2h or 3d ahead, or a time "
        "such as 2026-11-25T15:00 in China's time."
    ),
]
OverdueOnly = Annotated[
    bool, typer.Option("--overdue", help="Only those overdue, or waiting for a person.")
]

AwaitsReceipt = Annotated[
    bool,
    typer.Option(
        "--awaits-receipt",
        help="Only those without a receipt of the stop-payment desk, closed ones, too.",
    ),
]

ClosingOutcome = Annotated[
    str,
    typer.Argument(
        help="safe 劝阻成功, lost_money 已受骗, unreachable 联系不上, false_alarm 误报 or "
        "duplicate 重复."
    ),
]
ClosingReason = Annotated[str, typer.Option(help="Reason; required for a false alarm.")]
LostYuan = Annotated[str, typer.Option(help="Of lost money: how much, in yuan, such as 12000.50.")]
LostTo = Annotated[
    list[str] | None,
    typer.Option(
        help="Of lost money: the means, such as account:6222… or number:+8619900000001; "
        "may be repeated."
    ),
]
Evidence = Annotated[
    list[str] | None,
    typer.Option(
        help="Means that the person tells of, such as account:6222… or link:pay.example; "
        "may be repeated."
    ),
]
DuplicateOf = Annotated[
    str, typer.Option(help="Of a duplicate: id of the other case of the same person.")
]

STATES = LazyTable(
    lambda: {
        pb.CASE_STATE_NEW: ("new", "新建"),
        pb.CASE_STATE_ROUTED: ("routed", "已分派"),
        pb.CASE_STATE_WARNED: ("warned", "已预警"),
        pb.CASE_STATE_DISSUADING: ("dissuading", "劝阻中"),
        pb.CASE_STATE_CLOSED: ("closed", "已办结"),
    }
)
TIERS = LazyTable(
    lambda: {
        pb.CASE_TIER_HIGH: ("high", "高"),
        pb.CASE_TIER_MEDIUM: ("medium", "中"),
        pb.CASE_TIER_LOW: ("low", "低"),
    }
)
OUTCOMES = LazyTable(
    lambda: {
        pb.CASE_OUTCOME_SAFE: ("safe", "劝阻成功"),
        pb.CASE_OUTCOME_LOST_MONEY: ("lost_money", "已受骗"),
        pb.CASE_OUTCOME_UNREACHABLE: ("unreachable", "联系不上"),
        pb.CASE_OUTCOME_FALSE_ALARM: ("false_alarm", "误报"),
        pb.CASE_OUTCOME_DUPLICATE: ("duplicate", "重复"),
    }
)
MEANS = LazyTable(
    lambda: {
        warning_pb2.MEANS_KIND_CALLER: ("number", "caller", "号码"),
        warning_pb2.MEANS_KIND_SENDER: ("sender", "短信"),
        warning_pb2.MEANS_KIND_LINK: ("link", "链接"),
        warning_pb2.MEANS_KIND_TEXT: ("text", "文本"),
        warning_pb2.MEANS_KIND_ACCOUNT: ("account", "账户"),
    }
)
_YUAN = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,2}))?")


def states(names: Sequence[str]) -> list[Any]:
    """Read ``--state``."""
    return [_read(word, STATES, "--state") for word in names]


def tiers(names: Sequence[str]) -> list[Any]:
    """Read ``--tier``."""
    return [_read(word, TIERS, "--tier") for word in names]


def fraud_types(names: Sequence[str]) -> list[Any]:
    """Read ``--fraud-type``."""
    return [enum(word, list_words.read_fraud_type, "--fraud-type") for word in names]


def outcome(word: str) -> Any:
    """Read how a case ended."""
    return _read(word, OUTCOMES, "outcome")


def fen(yuan: str) -> int | None:
    """Read ``--lost``, an amount in yuan; None for an empty one."""
    if not yuan:
        return None
    amount = _YUAN.fullmatch(yuan.replace(",", ""))
    if amount is not None and (found := int(amount[1]) * FEN + int(f"{amount[2] or 0:0<2}")):
        return found
    raise typer.BadParameter(
        gettext("{yuan!r} is no amount in yuan such as 12000 or 12000.50", yuan=yuan),
        param_hint="--lost",
    )


def means(names: Sequence[str], option: str) -> list[pb.CaseMeans]:
    """Read ``--lost-to`` and the like: a kind, a colon, and the number, link or account."""
    found = []
    for text in names:
        kind, colon, value = text.partition(":")
        if not colon or not value.strip():
            raise typer.BadParameter(
                gettext(
                    "{text!r} is not such as account:6222… or number:+8619900000001", text=text
                ),
                param_hint=option,
            )
        number = _read(kind, MEANS, option)
        found.append(pb.CaseMeans(kind=number, value=value.strip()))
    return found


_KNOWN: Mapping[str, Mapping[Any, Sequence[str]]] = {
    "case_state": STATES,
    "case_tier": TIERS,
    "case_outcome": OUTCOMES,
    "means_kind": MEANS,
}


def name(kind: str, number: int) -> str:
    """Return the word of a number of the wire in the language of the user; empty for 0."""
    known = _KNOWN[kind]
    return enum_word(kind, known[number][0]) if number in known else ""


def _read(word: str, known: Mapping[Any, Sequence[str]], option: str) -> Any:
    text = word.strip().lower().replace("-", "_")
    for number, names in known.items():
        if text in names:
            return number
    listed = ", ".join(" ".join(names) for names in known.values())
    raise typer.BadParameter(
        gettext("{word!r} is none of {listed}", word=word, listed=listed), param_hint=option
    )
