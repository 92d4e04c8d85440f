"""Shows cases and their history to people."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.table import Table

from fanzha.v1 import case_pb2 as pb
from fanzha.v1 import decision_pb2, warning_pb2
from services.cli._common.console import out, wide
from services.cli.cases.options import FEN, MEANS, OUTCOMES, STATES, TIERS, name
from services.cli.lists.display import word
from services.warning.policy.places import places

_WHOLE = ("case", "tier", "person")
_MASK = re.compile(r"\*+")
_MINUTE_MS = 60_000
_LONG_MINUTES = 120
_LONG_HOURS = 48


def show_list(cases: Sequence[pb.Case], now_ms: int) -> None:
    """Print cases as a narrow table, for small screens."""
    heads = ["case", "tier", "state", "due", "person", "region", "fraud", "hits"]
    officers = any(one.officer for one in cases)
    table = Table(box=None, pad_edge=False)
    for head in [*heads, "officer"] if officers else heads:
        # An id that is folded cannot be copied into the next command.
        table.add_column(head, overflow="fold", no_wrap=head in _WHOLE)
    for one in cases:
        table.add_row(
            one.case_id,
            name(TIERS, one.tier),
            _state(one),
            due(one, now_ms),
            _MASK.sub("*", one.victim),
            _place(one),
            word(decision_pb2.FraudType, one.fraud_type, "FRAUD_TYPE_"),
            str(one.warnings),
            *([one.officer] if officers else ()),
        )
    wide().print(table)


def show_case(one: pb.Case, now_ms: int) -> None:
    """Print one case."""
    _line("case", f"{one.case_id}, revision {one.revision}")
    _line("person", one.victim + (" (masked)" if one.masked else ""))
    _line("region", f"{region(one) or 'not known'}, by {one.region_found_by or 'nothing'}")
    lines = f"; {one.policy_version}: {', '.join(one.policy_lines)}" if one.policy_lines else ""
    _line("tier", f"{name(TIERS, one.tier) or 'none yet'}{lines}")
    _line("state", f"{_state(one)}, {due(one, now_ms)}")
    _line("officer", one.officer)
    _line("not reached", f"{one.unreached} times" if one.unreached else "")
    _evidence(one)
    for message in one.messages:
        _line("message", f"{message.message_id}: {message.what}")
    _line("happened", time(one.occurred_at_ms))
    _line("opened", time(one.opened_at_ms))
    _line("warned", time(one.warned_at_ms))
    _line("reached", time(one.reached_at_ms))
    _line("reason", one.reason)
    if one.HasField("lost_fen"):
        _line("lost", yuan(one.lost_fen))
    _line("lost to", _means(one.lost_to))
    _line("same as", one.duplicate_of)


def show_history(events: Iterable[pb.CaseEvent]) -> None:
    """Print events, oldest first."""
    for event in events:
        parts = [f"{event.what} by {event.by}", *_details(event), event.why]
        _line(time(event.at_ms), "; ".join(filter(None, parts)))


def due(one: pb.Case, now_ms: int) -> str:
    """Return the time left for a case, or the time overdue."""
    if one.closed_at_ms:
        return f"closed {time(one.closed_at_ms)}"
    if one.needs_person:
        return "a person is needed"
    if not one.due_at_ms:
        return "nothing due"
    minutes = abs(one.due_at_ms - now_ms) // _MINUTE_MS
    return f"in {_span(minutes)}" if one.due_at_ms > now_ms else f"overdue {_span(minutes)}"


def region(one: pb.Case) -> str:
    """Name where a person lives."""
    known = places()
    upper = known.label(one.province, one.city) if one.province or one.city else ""
    return " ".join(filter(None, (upper, known.name(one.county))))


def _place(one: pb.Case) -> str:
    """Name city and county; the city implies the province."""
    known = places()
    return " ".join(filter(None, (known.name(one.city or one.province), known.name(one.county))))


def time(at_ms: int) -> str:
    """Write a time by this machine's clock; empty for none."""
    if not at_ms:
        return ""
    return datetime.fromtimestamp(at_ms / 1000).astimezone().isoformat(timespec="seconds")


def yuan(fen: int) -> str:
    """Write an amount."""
    return f"{fen // FEN:,}.{fen % FEN:02} yuan"


def _evidence(one: pb.Case) -> None:
    how = "confirmed" if one.confirmed else "suspected"
    fraud = word(decision_pb2.FraudType, one.fraud_type, "FRAUD_TYPE_") or "fraud of unknown kind"
    risk = word(warning_pb2.RiskLevel, one.risk, "RISK_LEVEL_")
    _line("about", f"{fraud}, {how}, risk {risk}, {one.warnings} warnings, {one.campaign}")
    _line("reached by", _means(one.means))
    spoke = f"spoke {one.talked_seconds} s" if one.talked_seconds else ""
    opened = "opened the link" if one.link_opened else ""
    score = f"a model's score {one.score:.2f}" if one.HasField("score") else ""
    _line("and", ", ".join(filter(None, (spoke, opened, score))))
    _line("decisions", ", ".join(map(str, one.decision_ids)))
    _line("entries", ", ".join(one.entry_ids))
    _line("from", ", ".join(f"{each.source_name} {each.reference}" for each in one.origins))


def _details(event: pb.CaseEvent) -> list[str]:
    means = f"{name(MEANS, event.means.kind)} {event.means.value}" if event.means.value else ""
    return [
        f"{event.origin.source_name} {event.origin.reference}".strip(),
        means,
        f"decision {event.decision_id}" if event.decision_id else "",
        f"to {places().name(event.region)}" if event.region else "",
        _tier(event),
        f"{event.channel} {event.message_id}".strip(),
        f"officer {event.officer}" if event.officer else "",
        "not reached" if event.unreached else "",
        name(OUTCOMES, event.outcome),
        f"lost {yuan(event.lost_fen)}" if event.HasField("lost_fen") else "",
        f"to {_means(event.lost_to)}" if event.lost_to else "",
        f"same as {event.duplicate_of}" if event.duplicate_of else "",
        f"due {time(event.due_at_ms)}" if event.due_at_ms else "",
    ]


def _tier(event: pb.CaseEvent) -> str:
    lines = f" ({', '.join(event.policy_lines)})" if event.policy_lines else ""
    return f"{name(TIERS, event.tier)}{lines}" if event.tier else ""


def _state(one: pb.Case) -> str:
    return " ".join(filter(None, (name(STATES, one.state), name(OUTCOMES, one.outcome))))


def _means(some: Sequence[pb.CaseMeans]) -> str:
    return ", ".join(f"{name(MEANS, one.kind)} {one.value}" for one in some)


def _span(minutes: int) -> str:
    if minutes < _LONG_MINUTES:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h" if hours < _LONG_HOURS else f"{hours // 24} d"


def _line(title: str, text: str) -> None:
    if text:
        head = f"{title:<13} "
        # Further lines of a note stand under its first, so that none looks like an event.
        written = text.replace("\n", "\n" + " " * len(head))
        out.print(f"{head}{written}", markup=False, soft_wrap=True)
