"""Shows an import to a person: what was found, counts, examples, and what was left out."""

from collections.abc import Sequence
from pathlib import Path

from blocklists.importers import rows as list_rows
from fanzha.translation.catalogue import gettext, gettext_noop, language
from fanzha.translation.message import localized
from fanzha.v1 import blocklist_pb2 as pb
from infra import atomic_file
from infra.csv_cells import SafeWriter
from services.cli._common.confirmation import show_unreviewed
from services.cli._common.console import err, os_fault, out
from services.cli._common.enum_words import enum_word
from services.cli._common.tables import RowTable
from services.cli.lists.display import shown_kind
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
        where = gettext("sheet {sheet!r}, ", sheet=header.sheet) if header.sheet else ""
        used = ", ".join(f"{_one_line(name)} → {target}" for name, target in header.layout.used)
        _say(
            gettext(
                "{where}header in line {line}: {used}", where=where, line=header.line, used=used
            )
        )
        for what, names in (
            (gettext_noop("not used"), header.layout.unused),
            (gettext_noop("ignored"), header.layout.ignored),
        ):
            if names:
                _say(
                    gettext(
                        "  columns {what}: {names}",
                        what=gettext(what),
                        names=", ".join(map(_one_line, names)),
                    )
                )
    if done.remembered:
        told = ", ".join(f"{name} → {target}" for name, target in done.remembered.items())
        _say(gettext("as remembered: {told}", told=told))
    _counts(done).print()
    if done.answer.kinds:
        kinds = (f"{one.rows:,} × {shown_kind(one.kind)}" for one in done.answer.kinds)
        _say(gettext("taken for: {kinds}", kinds=", ".join(kinds)))
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
        err.print(
            gettext("the report could not be written: {error}", error=os_fault(error)),
            style="yellow",
        )
        return
    if done.problems_not_told:
        _say(
            gettext(
                "{problems_not_told:,} bad lines more than the report holds; mend these first",
                problems_not_told=done.problems_not_told,
            )
        )


def _ended(done: ImportSummary) -> str:
    answer = done.answer
    show_unreviewed(answer.unreviewed_risks)
    if done.dry_run:
        return gettext("nothing changed, a dry run at version {version}", version=answer.version)
    if answer.waits_because:
        why = "; ".join(answer.waits_because)
        waits = gettext(
            "change {change_id} waits for a second person: {why}",
            change_id=answer.change_id,
            why=why,
        )
        return gettext(
            "{waits}\nnothing changed yet, the lists are at version {version}",
            waits=waits,
            version=answer.version,
        )
    request = (
        gettext(", by change {change_id}", change_id=answer.change_id) if answer.change_id else ""
    )
    return gettext(
        "the lists are at version {version}{request}", version=answer.version, request=request
    )


def _found(done: ImportSummary) -> str:
    file = done.file
    parts = [str(file.format_), gettext("{lines:,} lines", lines=file.lines)]
    if file.encoding:
        parts.append(file.encoding)
    if file.sheets:
        parts.append(gettext("sheets {sheets}", sheets=", ".join(map(repr, file.sheets))))
    if file.hidden_sheets:
        parts.append(
            gettext(
                "hidden and not read: {hidden_sheets}",
                hidden_sheets=", ".join(map(repr, file.hidden_sheets)),
            )
        )
    return f"{done.name}: {', '.join(parts)}"


def _counts(done: ImportSummary) -> RowTable:
    table = RowTable()
    table.add_column("")
    table.add_column("", right=True)
    outcomes = done.outcomes
    repeated = done.answer.repeated_rows
    rows = [
        (gettext("rows"), done.reading.rows + done.reading.invalid.total()),
        *((_outcome(name), outcomes[name]) for name in ("added", "replaced", "duplicate")),
        *([(gettext("  of these repeated in the file"), repeated)] if repeated else []),
        (_outcome("refused"), outcomes["refused"]),
        *(
            [(gettext("  of these held back"), done.answer.held_back)]
            if done.answer.held_back
            else []
        ),
        (_outcome("invalid"), outcomes["invalid"]),
        *([(gettext("  of these over already"), done.expired)] if done.expired else []),
        *([(gettext("conflicting"), done.conflicting)] if done.conflicting else []),
    ]
    for name, number in rows:
        table.add_row(name, f"{number:,}")
    return table


def _show_ignored(done: ImportSummary) -> None:
    for what, lines in done.reading.ignored.items():
        if done.file.headers and what.startswith(list_rows.HEADER):
            continue  # shown above, with its columns
        _say(
            gettext(
                "not entries: {lines:,} × {what}", lines=lines, what=localized(what, language())
            )
        )
    if done.answer.terms_given:
        _say(
            gettext(
                "{terms_given:,} rows ask for no end without a date of review: they end after "
                "the server's default term",
                terms_given=done.answer.terms_given,
            )
        )
    if done.file.undecoded:
        _say(
            gettext(
                "lines with bytes that are not {encoding}: {undecoded:,}",
                encoding=done.file.encoding,
                undecoded=len(done.file.undecoded),
            )
        )
    for what, rows in done.reading.notes.items():
        places = ", ".join(map(done.place, done.reading.noted[what][:3]))
        more = " …" if rows > 3 else ""  # noqa: PLR2004
        _say(
            gettext(
                "note: {rows:,} × {what} ({places}{more})",
                rows=rows,
                what=localized(what, language()),
                places=places,
                more=more,
            )
        )


def _show_problems(done: ImportSummary) -> None:
    problems = done.problems()
    if len(done.reading.invalid) > 1:
        for reason, lines in done.reading.invalid.most_common(EXAMPLES):
            _say(
                gettext(
                    "unreadable: {lines:,} × {reason}",
                    lines=lines,
                    reason=reason,
                )
            )
    for outcome in ("refused", "invalid"):
        _show_some(done, [one for one in problems if one.outcome == outcome], outcome)


def _show_some(done: ImportSummary, problems: Sequence[LineProblem], outcome: str) -> None:
    for problem in problems[:EXAMPLES]:
        message = problem.message
        _say(f"{_outcome(outcome)}, {done.place(problem.line)}: {message}")
    if (more := done.outcomes[outcome] - len(problems[:EXAMPLES])) > 0:
        _say(
            gettext(
                "… {more:,} more {outcome}; --report FILE has them",
                more=more,
                outcome=_outcome(outcome),
            )
        )


def _show_conflicts(done: ImportSummary) -> None:
    for one in done.answer.conflicts:
        _say(
            gettext(
                "conflicting, {row}: {done}", row=done.place(one.row), done=conflict_text(done, one)
            )
        )
    if done.conflicting > len(done.answer.conflicts):
        hint = "" if done.dry_run else gettext("; --preview shows some")
        _say(
            gettext(
                "… {conflicting:,} more conflicting{hint}",
                conflicting=done.conflicting - len(done.answer.conflicts),
                hint=hint,
            )
        )
    if done.answer.names_not_compared:
        _say(
            gettext(
                "{names_not_compared:,} listed names were not compared with the rows",
                names_not_compared=done.answer.names_not_compared,
            )
        )


def _show_examples(done: ImportSummary) -> None:
    for outcome, name in (
        (pb.ROW_OUTCOME_ADDED, gettext("new")),
        (pb.ROW_OUTCOME_REPLACED, gettext("changed")),
        (pb.ROW_OUTCOME_DUPLICATE, _outcome("duplicate")),
    ):
        some = [one for one in done.answer.examples if one.outcome == outcome]
        texts = dict(done.file.texts({one.row for one in some}))
        for one in some:
            by = (
                gettext(", repeated in {repeated_by}", repeated_by=done.place(one.repeated_by))
                if one.repeated_by
                else ""
            )
            text = f"  ({_one_line(texts[one.row])[:80]})" if one.row in texts else ""
            read = f"{shown_kind(one.kind)} {one.pattern}"
            _say(f"{name}, {done.place(one.row)}{by}: {read}{text}")


def _outcome(word: str) -> str:
    return enum_word("row_outcome", word)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _say(text: str) -> None:
    out.print(text, markup=False, soft_wrap=True)
