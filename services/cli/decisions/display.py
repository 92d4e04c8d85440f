"""Shows logged decisions: tables and bars for people, JSON for programs."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.table import Table

from fanzha.phone import masked
from services.cli._common.console import out
from services.cli._common.plain_text import one_line
from services.decision_log import explanation, query
from services.decision_log.query import DecisionCount

_BAR = 30
_EIGHTHS = " ▏▎▍▌▋▊▉"


def show_rows(rows: Sequence[Mapping[str, Any]], *, full: bool) -> None:
    """Show decisions, a line each."""
    lines = [("time", "channel", "from", "to", "action", "reason", "decision", "why")]
    for row in rows:
        link = row.get("host") or ", ".join(row.get("hosts") or ())
        lines.append(
            (
                _moment(row["decided_at_ms"]),
                row["channel"].lower(),
                _shown(query.party(row, "from"), full) or link or "–",
                _shown(query.party(row, "to"), full) or "–",
                row["action"].lower(),
                row["reason"].lower(),
                str(row["decision_id"]),
                _evidence(row, full),
            )
        )
    _print(lines)


def show_one(
    row: Mapping[str, Any],
    entry: Mapping[str, Any] | None,
    *,
    content: Mapping[str, Any] | None,
    full: bool,
) -> None:
    """Show all that is known of one decision."""
    table = Table(box=None, show_header=False)
    for name, value in facts(row, full=full).items():
        table.add_row(name, one_line(str(value)))
    for name, value in (entry or {}).items():
        table.add_row(f"entry {name}", one_line(str(value)))
    if content is not None:
        table.add_row("text", one_line(content["body"]))
    out.print(table)
    for sentence in filter(None, (explanation.why(row), explanation.would_have(row))):
        out.print(sentence.chinese, markup=False, soft_wrap=True)
        out.print(sentence.english, markup=False, soft_wrap=True)


def show_counts(counts: Sequence[DecisionCount], by: Sequence[str]) -> None:
    """Show how many decisions have what in common, with bars."""
    most = max((count.events for count in counts), default=0) or 1
    lines: list[tuple[str, ...]] = [(*by, "", "events", "logged")]
    lines += [
        (
            *(value.lower() if value.isupper() else value for value in count.values),
            _bar(count.events / most),
            f"{count.events:,}",
            f"{count.rows:,}",
        )
        for count in counts
    ]
    _print(lines)


def facts(row: Mapping[str, Any], *, full: bool) -> dict[str, Any]:
    """Return what is logged of a decision and not empty, parties masked unless *full*."""
    known = {
        "decision_id": row["decision_id"],
        "channel": row["channel"],
        "decided_at": _moment(row["decided_at_ms"]),
        "occurred_at": _moment(row["occurred_at_ms"]),
        "from_party": _shown(query.party(row, "from"), full),
        "to_party": _shown(query.party(row, "to"), full),
        "url": (row.get("url") or "") if full else "",
        "host": row.get("host"),
        "hosts": ", ".join(row.get("hosts") or ()),
        "pattern": _pattern(row, full),
    }
    rest = {
        name: value
        for name, value in row.items()
        if not name.endswith(("_key", "_ms", "_name"))
        and name not in {*known, "would_block_pattern"}
    }
    return {
        name: round(value, 6) if isinstance(value, float) else value
        for name, value in (known | rest).items()
        if value not in (None, "")
    }


def _evidence(row: Mapping[str, Any], full: bool) -> str:
    if row.get("pattern"):
        return _pattern(row, full)
    if row["reason"] == "VELOCITY" and row.get("velocity_score") is not None:
        return f"velocity {row['velocity_score']:.3f}"
    if row.get("score") is None:
        return "–"
    return f"score {row['score']:.3f} / {row['threshold']:.3f}"


def _pattern(row: Mapping[str, Any], full: bool) -> str:
    pattern: str = row.get("pattern") or ""
    # Of what names a party: the number itself is listed.
    return pattern if full or (row.get("entry_id") or "")[:1] not in {"n", "s"} else masked(pattern)


def _shown(party: str, full: bool) -> str:
    return party if full else masked(party)


def _print(lines: Sequence[Sequence[str]]) -> None:
    """Print lines in columns, each whole however narrow the terminal is."""
    shown = [[one_line(cell) for cell in line] for line in lines]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for line in shown:
        padded = "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True))
        out.print(padded.rstrip(), markup=False, soft_wrap=True)


def _moment(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}Z"


def _bar(share: float) -> str:
    eighths = round(share * _BAR * 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
