"""Lines read by runs must give what the same lines give one by one."""

from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists.entries import EntryKind
from blocklists.importers import domains, numbers
from blocklists.importers.bulk_lines import MIN_RUN_LINES
from blocklists.importers.rows import BadLine, Ignored, Item, ListRow, PlainRun, Reader, RowNote
from blocklists.importers.tables import csv_table

PLAIN = [f"h{number}.example" for number in range(MIN_RUN_LINES)]
NUMBERS = [f"+8617000000{number:03}" for number in range(MIN_RUN_LINES)]
LINE = st.one_of(
    st.sampled_from(
        [
            "bank.example", "1.e10", "8.6e12", "17000000001.0", "+8617000000001", "1700*", "95588",
            "a..example", "x.example/pay", "# note", "", " x.example", "X.example", "127.0.0.1",
            "-a.example", "a.b.c.d.e.f.g.h.i.example", "23456789012", "2055550199", "0102345678",
            "银行.example", "x_y.example", "example", "3com.example", "110",
        ]
    ),
    st.from_regex(r"[a-z0-9.+_-]{1,12}", fullmatch=True),
)  # fmt: skip


def by_line(items: Iterable[Item]) -> list[Item]:
    """Write runs out, a row for each line."""
    return list(_by_line(items))


def _by_line(items: Iterable[Item]) -> Iterator[Item]:
    for item in items:
        if isinstance(item, PlainRun):
            patterns = item.patterns.removesuffix("\n").split("\n")
            assert item.patterns.endswith("\n")
            assert len(patterns) == item.rows
            for place, pattern in enumerate(patterns):
                yield ListRow(item.line + place, pattern, item.kind)
        else:
            yield item


def one_by_one(read: Reader, header: list[str], lines: list[str]) -> list[Item]:
    """Read each line in a list of its own, which is too short for runs."""
    found: list[Item] = []
    for number, line in enumerate(lines, len(header) + 1):
        own = [item for item in read([*header, line]) if item.line > len(header)]
        found += [item._replace(line=number) for item in own if not isinstance(item, PlainRun)]
    return found


@given(st.lists(LINE, max_size=6), st.integers(0, 6), st.sampled_from([PLAIN, NUMBERS]))
@pytest.mark.parametrize(
    ("read", "header"),
    [
        (domains.read, []), (numbers.read, []), (csv_table.read, ["pattern"]),
        (csv_table.read, ["号码"]), (csv_table.read, ["域名"]), (csv_table.read, ["被叫号码"]),
        (csv_table.read, ["number,reason"]),
    ],
)  # fmt: skip
def test_a_run_among_other_lines_changes_none(
    read: Reader, header: list[str], others: list[str], at: int, run: list[str]
) -> None:
    lines = [*others[:at], *run, *others[at:]]

    found = [item for item in by_line(read([*header, *lines])) if item.line > len(header)]

    assert found == one_by_one(read, header, lines)


@pytest.mark.parametrize(
    ("read", "lines", "line", "kind"),
    [
        (domains.read, PLAIN, 1, EntryKind.HOST), (numbers.read, NUMBERS, 1, EntryKind.NUMBER),
        (csv_table.read, ["pattern", *PLAIN], 2, None),
        (csv_table.read, ["pattern", *NUMBERS], 2, None),
        (csv_table.read, ["号码", *NUMBERS], 2, EntryKind.NUMBER),
        (csv_table.read, ["域名", *PLAIN], 2, EntryKind.HOST),
    ],
)  # fmt: skip
def test_plain_lines_are_grouped_into_one_run(
    read: Reader, lines: list[str], line: int, kind: EntryKind | None
) -> None:
    *_, run = read(lines)

    assert run == PlainRun(line, MIN_RUN_LINES, "\n".join([*lines[line - 1 :], ""]), kind)


def test_lines_inside_a_quoted_cell_are_no_run() -> None:
    lines = ["pattern", '"bank', *PLAIN[:40], '.example"', *PLAIN]

    _, cell, run = csv_table.read(lines)

    assert cell == ListRow(2, "".join(["bank", *PLAIN[:40], ".example"]))
    assert run == PlainRun(44, MIN_RUN_LINES, "\n".join([*PLAIN, ""]), None)


def test_no_run_begins_inside_an_unclosed_quote() -> None:
    bad = list(csv_table.read(["pattern", '"bank', *PLAIN, 'x.example"', "next.example"]))

    assert bad[1:] == [
        BadLine(2, "".join(["bank", *PLAIN, "x.example"])[:200], "a quote that is not closed"),
        ListRow(MIN_RUN_LINES + 4, "next.example"),
    ]


def test_runs_continue_across_blocks_and_end_with_the_file() -> None:
    lines = PLAIN * 100

    found = list(domains.read([*lines, "# end"]))

    assert sum(item.rows for item in found if isinstance(item, PlainRun)) == len(lines)
    assert by_line(found)[:-1] == [
        ListRow(number, line, EntryKind.HOST) for number, line in enumerate(lines, 1)
    ]
    assert found[-1] == Ignored(len(lines) + 1, "comment")


def test_a_landline_that_lost_its_zero_is_reported_inside_a_run() -> None:
    lines = ["号码", *NUMBERS, *["2155550199"] * MIN_RUN_LINES]

    found = by_line(csv_table.read(lines))

    assert len([item for item in found if isinstance(item, ListRow)]) == 2 * MIN_RUN_LINES
    assert not any(isinstance(item, RowNote) for item in found)
    assert isinstance(list(csv_table.read(lines))[-1], ListRow)  # looked at one by one


@pytest.mark.parametrize(
    ("line", "pattern"),
    [
        ("tel:+8617000000001;ext=7 # reported twice", "tel:+8617000000001;ext=7"),
        ('"Bank" <sip:+8617000000001@ims.example>', '"Bank" <sip:+8617000000001@ims.example>'),
        ("＋８６１７００００００００１ ; reported", "+8617000000001"),
    ],
)
def test_a_line_may_hold_an_address_or_full_width_digits(line: str, pattern: str) -> None:
    assert list(numbers.read([line])) == [ListRow(1, pattern, EntryKind.NUMBER)]
