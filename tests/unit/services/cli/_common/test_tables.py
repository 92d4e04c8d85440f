"""What a person copies from a table is in one piece on a narrow terminal, and nothing is lost."""

import pytest
from rich.cells import cell_len

from services.cli._common.tables import FieldTable, RowTable

ENTRY = "k7q2m4x9c1v8b3n6"
PATTERN = "login.long-name.bank.example/account"
REASON = "reported by 12 people of the county since Monday"
CHINESE = "本县十二名群众自星期一起陆续举报的诈骗网址，已核实"
WIDTHS = [80, 60]


def a_table(reason: str = REASON) -> RowTable:
    table = RowTable("pattern", "entry")
    table.add_column("hits", right=True)
    table.add_column("reason", prose=True)
    table.add_row(PATTERN, ENTRY, "12", reason)
    table.add_row("a.example", "b" * 16, "1,234", "")
    return table


def lines(table: RowTable | FieldTable, width: int | None) -> list[str]:
    return [line.plain for line in table.lines(width)]


def test_at_80_columns_only_prose_is_folded() -> None:
    assert lines(a_table(), 80) == [
        "pattern                               entry              hits  reason",
        f"{PATTERN}  {ENTRY}     12  reported by 12",
        " " * 63 + "people of the",
        " " * 63 + "county since",
        " " * 63 + "Monday",
        f"a.example{' ' * 29}{'b' * 16}  1,234",
    ]


def test_where_that_is_not_enough_rows_are_records() -> None:
    assert lines(a_table(), 60) == [
        f"pattern: {PATTERN}",
        f"entry: {ENTRY}",
        "hits: 12",
        f"reason: {REASON}",
        "",
        "pattern: a.example",
        f"entry: {'b' * 16}",
        "hits: 1,234",
    ]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("reason", [REASON, CHINESE, f"see {PATTERN}", "x" * 50, "two\nlines"])
def test_at_any_width_nothing_is_cut_or_longer_than_it(width: int, reason: str) -> None:
    shown = lines(a_table(reason), width)

    assert max(map(cell_len, shown)) <= width
    assert any(PATTERN in line for line in shown)
    assert any(ENTRY in line for line in shown)
    for word in reason.split() if reason != CHINESE else CHINESE:
        assert any(word in line for line in shown)


def test_a_pipe_gets_one_line_a_row() -> None:
    assert len(lines(a_table(REASON * 20), None)) == 3


def test_a_value_that_fits_only_without_its_name_stands_below_it() -> None:
    fields = FieldTable()
    fields.add_row("digest", "f" * 58)

    assert lines(fields, 60) == ["digest ", "f" * 58]


def test_values_of_fields_begin_in_one_column_and_fold_between_words() -> None:
    fields = FieldTable()
    fields.add_row("entry", ENTRY)
    fields.add_row("legal basis", REASON)

    assert lines(fields, 40) == [
        f"entry        {ENTRY}",
        "legal basis  reported by 12 people of",
        "             the county since Monday",
    ]
    assert len(lines(fields, None)) == 2


def test_a_line_break_makes_no_row_and_control_characters_take_their_place() -> None:
    table = RowTable("entry", "by")
    table.add_row("a\nb  li", "\x1b]0;x\x07")

    assert lines(table, 80) == ["entry    by", "a?b  li  ?]0;x?"]


def test_a_table_without_heads_prints_rows_only() -> None:
    table = RowTable("", "")
    table.add_row("rows", "12")

    assert lines(table, 80) == ["rows  12"]
