"""Shows logged decisions: tables and bars for people, JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fanzha.translation.catalogue import gettext
from fanzha.v1 import decision_log_pb2 as pb
from services.cli._common.console import out
from services.cli._common.enum_words import enum_word, field_label
from services.cli._common.json_words import enum_value
from services.cli._common.plain_text import one_line
from services.cli._common.tables import FieldTable, RowTable
from services.cli._common.time_arguments import written
from services.cli.decisions import analysis_display
from services.cli.decisions.analysis_display import in_language

_ENUMS = {
    "channel": "channel",
    "action": "action",
    "attestation": "attestation",
    "reason": "reason",
    "fraud_type": "fraud_type",
    "source": "source",
    "ingress": "ingress",
    "evidence": "evidence",
    "treatment": "treatment",
    "label": "display_label",
    "related_evidence": "evidence",
    "would_block_evidence": "evidence",
}
"""Fields with words of an enum, and its name."""
_BAR = 30
_EIGHTHS = " ▏▎▍▌▋▊▉"
_FIRST = ("decision_id", "channel", "decided_at", "occurred_at", "from_party", "to_party")


def as_row(logged: pb.LoggedDecision) -> dict[str, Any]:
    """Return the fields of a decision, enums as words such as ``block``; None where absent."""
    row: dict[str, Any] = {}
    message: Any = logged
    for field in logged.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if field.enum_type is not None:
            value = _word(field.enum_type, value)
        elif field.name == "decision_id":
            value = str(value)
        elif field.name == "hosts":
            value = list(value)
        elif field.has_presence and not message.HasField(field.name):
            value = None
        row[field.name] = value
    return row


def show_rows(rows: Sequence[Mapping[str, Any]]) -> None:
    """Show decisions, a line each."""
    heads = ("time", "channel", "from", "to", "action", "reason", "decision", "why")
    table = RowTable()
    for head in heads:
        table.add_column(field_label(head), prose=head == "why")
    for row in rows:
        link = row["host"] or ", ".join(row["hosts"])
        cells = (
            written(row["decided_at_ms"]),
            enum_word("channel", row["channel"]),
            row["from_party"] or link or "–",
            row["to_party"] or "–",
            enum_word("action", row["action"]),
            enum_word("reason", row["reason"]),
            row["decision_id"],
            _evidence(row),
        )
        table.add_row(*map(one_line, cells))
    table.print()


def show_one(answer: pb.GetDecisionResponse) -> None:
    """Show all that is known of one decision."""
    table = FieldTable()
    for name, value in facts(as_row(answer.decision)).items():
        table.add_row(field_label(name), one_line(_shown(name, value)))
    for name, value in (_entry(answer) or {}).items():
        table.add_row(
            gettext("entry {name}", name=field_label(name)), one_line(_shown(name, value))
        )
    if answer.HasField("content"):
        table.add_row(gettext("text"), one_line(answer.content))
    table.print()
    for sentence in (answer.why, answer.shadow):
        if words := in_language(sentence):
            out.print(words, markup=False, soft_wrap=True)
    analysis_display.show(answer.analysis, _shown)


def explained_json(answer: pb.GetDecisionResponse) -> dict[str, Any]:
    """Return the same for programs."""
    shown: dict[str, Any] = {
        "decision": facts(as_row(answer.decision)),
        "entry": _entry(answer),
        "why": {"zh": answer.why.zh, "en": answer.why.en},
    }
    if answer.HasField("shadow"):
        shown["shadow"] = {"zh": answer.shadow.zh, "en": answer.shadow.en}
    if answer.HasField("content"):
        shown["text"] = answer.content
    return shown | analysis_display.as_json(answer.analysis)


def show_counts(counts: Sequence[pb.DecisionCount], by: Sequence[str]) -> None:
    """Show how many decisions have what in common, with bars."""
    most = max((count.events for count in counts), default=0) or 1
    table = RowTable(*map(field_label, by), "", gettext("events"), gettext("logged"))
    for count in counts:
        shared = (_shown(name, value) for name, value in zip(by, count.values, strict=True))
        table.add_row(
            *map(one_line, shared),
            _bar(count.events / most),
            f"{count.events:,}",
            f"{count.logged:,}",
        )
    table.print()


def counts_json(counts: Sequence[pb.DecisionCount], by: Sequence[str]) -> list[dict[str, Any]]:
    """Return the same for programs."""
    return [
        {
            **{
                name: value.lower() if name in _ENUMS else value
                for name, value in zip(by, count.values, strict=True)
            },
            "events": count.events,
            "logged": count.logged,
        }
        for count in counts
    ]


def facts(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is logged of a decision and not empty."""
    times = {
        "decided_at": written(row["decided_at_ms"]),
        "occurred_at": written(row["occurred_at_ms"]),
    }
    known = {name: times.get(name) or row[name] for name in _FIRST}
    rest = {name: value for name, value in row.items() if not name.endswith("_ms")}
    shown = known | rest | {"hosts": ", ".join(row["hosts"])}
    return {
        name: round(value, 6) if isinstance(value, float) else value
        for name, value in shown.items()
        if value not in (None, "")
    }


def _entry(answer: pb.GetDecisionResponse) -> dict[str, Any] | None:
    if not answer.HasField("entry"):
        return None
    return analysis_display.entry_facts(answer.entry)


def _evidence(row: Mapping[str, Any]) -> str:
    if row["pattern"]:
        return str(row["pattern"])
    if row["reason"] == "velocity" and row["velocity_score"] is not None:
        return gettext("velocity {velocity_score:.3f}", velocity_score=row["velocity_score"])
    if row["score"] is None:
        return "–"
    return gettext(
        "score {score:.3f} / {threshold:.3f}", score=row["score"], threshold=row["threshold"]
    )


def _shown(name: str, value: Any) -> str:
    """Return a value; a word of an enum in the language of the user."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if name == "expires_at_s":
        return written(1000 * int(value))
    return enum_word(_ENUMS[name], value) if name in _ENUMS else str(value)


def _word(kind: Any, number: int) -> str:
    """Return the word of a number, without the prefix of its enum; empty for 0."""
    if not number:
        return ""
    if number not in kind.values_by_number:
        return str(number)
    return str(enum_value(kind, kind.values_by_number[number].name))


def _bar(share: float) -> str:
    eighths = round(share * _BAR * 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
