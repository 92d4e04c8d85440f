"""Shows an import to a person: what was found, counts, examples, and what was left out."""

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from blocklists.importers.rows import HEADER
from fanzha.v1 import blocklist_pb2 as pb
from infra import atomic_file
from infra.csv_cells import SafeWriter
from services.cli._common.confirmation import show_unreviewed
from services.cli._common.console import err, out
from services.cli.lists.display import kind_word
from services.cli.lists.import_summary import (
    EXAMPLES,
    ImportSummary,
    LineProblem,
    conflict_text,
    texts_of,
)


def show(done: ImportSummary) -> None:
    """Print everything."""
    _say(_found(done))
    for header in done.file.headers:
        where = f"sheet {header.sheet!r}, " if header.sheet else ""
        used = ", ".join(f"{_one_line(name)} → {target}" for name, target in header.layout.used)
        _say(f"{where}header in line {header.line}: {used}")
        for what, names in (("not used", header.layout.unused), ("ignored", header.layout.ignored)):
            if names:
                _say(f"  columns {what}: {', '.join(map(_one_line, names))}")
    if done.remembered:
        told = ", ".join(f"{name} → {target}" for name, target in done.remembered.items())
        _say(f"as remembered: {told}")
    out.print(_counts(done))
    if done.answer.kinds:
        kinds = (f"{one.rows:,} × {kind_word(one.kind)}" for one in done.answer.kinds)
        _say(f"taken for: {', '.join(kinds)}")
    _show_ignored(done)
    _show_problems(done)
    _show_conflicts(done)
    if done.dry_run:
        _show_examples(done)
    _say(f"{_ended(done)}; {done.seconds:.1f} s")


def write_report(path: Path, done: ImportSummary) -> None:
    """Write all lines that become no entry to a CSV file; reads the list anew for their texts."""
    try:
        with atomic_file.replacing_text(path, encoding="utf-8-sig") as file:
            table = SafeWriter(file)
            table.writerow(("line", "sheet", "outcome", "message", "text"))
            for problem in texts_of(done, done.problems()):
                sheet, row = done.file.place(problem.line)
                table.writerow((row, sheet, problem.outcome, problem.message, problem.text))
    except OSError as error:
        err.print(f"the report could not be written: {error}", style="yellow")
        return
    if done.problems_not_told:
        _say(f"{done.problems_not_told:,} bad lines more than the report holds; mend these first")


def _ended(done: ImportSummary) -> str:
    answer = done.answer
    show_unreviewed(answer.unreviewed_risks)
    if done.dry_run:
        return f"nothing changed, a dry run at version {answer.version}"
    if answer.waits_because:
        why = "; ".join(answer.waits_because)
        waits = f"change {answer.change_id} waits for a second person: {why}"
        return f"{waits}\nnothing changed yet, the lists are at version {answer.version}"
    request = f", by change {answer.change_id}" if answer.change_id else ""
    return f"the lists are at version {answer.version}{request}"


def _found(done: ImportSummary) -> str:
    file = done.file
    parts = [str(file.format_), f"{file.lines:,} lines"]
    if file.encoding:
        parts.append(file.encoding)
    if file.sheets:
        parts.append(f"sheets {', '.join(map(repr, file.sheets))}")
    if file.hidden_sheets:
        parts.append(f"hidden and not read: {', '.join(map(repr, file.hidden_sheets))}")
    return f"{done.name}: {', '.join(parts)}"


def _counts(done: ImportSummary) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    outcomes = done.outcomes
    repeated = done.answer.repeated_rows
    rows = [
        ("rows", done.reading.rows + done.reading.invalid.total()),
        *((name, outcomes[name]) for name in ("added", "replaced", "duplicate")),
        *([("  of these repeated in the file", repeated)] if repeated else []),
        ("refused", outcomes["refused"]),
        *([("  of these held back", done.answer.held_back)] if done.answer.held_back else []),
        ("invalid", outcomes["invalid"]),
        *([("  of these over already", done.expired)] if done.expired else []),
        *([("conflicting", done.conflicting)] if done.conflicting else []),
    ]
    for name, number in rows:
        table.add_row(name, f"{number:,}")
    return table


def _show_ignored(done: ImportSummary) -> None:
    for what, lines in done.reading.ignored.items():
        if done.file.headers and what.startswith(HEADER):
            continue  # shown above, with its columns
        _say(f"not entries: {lines:,} × {what}")
    if done.answer.terms_given:
        _say(
            f"{done.answer.terms_given:,} rows ask for no end without a date of review: they end "
            "after the server's default term"
        )
    if done.file.undecoded:
        _say(f"lines with bytes that are not {done.file.encoding}: {len(done.file.undecoded):,}")
    for what, rows in done.reading.notes.items():
        places = ", ".join(map(done.place, done.reading.noted[what][:3]))
        more = " …" if rows > 3 else ""  # noqa: PLR2004
        _say(f"note: {rows:,} × {what} ({places}{more})")


def _show_problems(done: ImportSummary) -> None:
    problems = done.problems()
    if len(done.reading.invalid) > 1:
        for reason, lines in done.reading.invalid.most_common(EXAMPLES):
            _say(f"unreadable: {lines:,} × {reason}")
    for outcome in ("refused", "invalid"):
        _show_some(done, [one for one in problems if one.outcome == outcome], outcome)


def _show_some(done: ImportSummary, problems: Sequence[LineProblem], outcome: str) -> None:
    for problem in problems[:EXAMPLES]:
        _say(f"{outcome}, {done.place(problem.line)}: {problem.message}")
    if (more := done.outcomes[outcome] - len(problems[:EXAMPLES])) > 0:
        _say(f"… {more:,} more {outcome}; --report FILE has them")


def _show_conflicts(done: ImportSummary) -> None:
    for one in done.answer.conflicts:
        _say(f"conflicting, {done.place(one.row)}: {conflict_text(done, one)}")
    if done.conflicting > len(done.answer.conflicts):
        hint = "" if done.dry_run else "; --preview shows some"
        _say(f"… {done.conflicting - len(done.answer.conflicts):,} more conflicting{hint}")
    if done.answer.names_not_compared:
        _say(f"{done.answer.names_not_compared:,} listed names were not compared with the rows")


def _show_examples(done: ImportSummary) -> None:
    for outcome, name in (
        (pb.ROW_OUTCOME_ADDED, "new"),
        (pb.ROW_OUTCOME_REPLACED, "changed"),
        (pb.ROW_OUTCOME_DUPLICATE, "duplicate"),
    ):
        some = [one for one in done.answer.examples if one.outcome == outcome]
        texts = dict(done.file.texts({one.row for one in some}))
        for one in some:
            by = f", repeated in {done.place(one.repeated_by)}" if one.repeated_by else ""
            text = f"  ({_one_line(texts[one.row])[:80]})" if one.row in texts else ""
            read = f"{kind_word(one.kind)} {one.pattern}"
            _say(f"{name}, {done.place(one.row)}{by}: {read}{text}")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _say(text: str) -> None:
    out.print(text, markup=False, soft_wrap=True)
