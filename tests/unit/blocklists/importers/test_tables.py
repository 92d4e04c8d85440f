"""Tables as bureaus write them: titles, headers over two rows, several columns of patterns."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from blocklists.entries import Direction, EntryKind
from blocklists.importers.rows import BadLine, Ignored, Item, ListRow
from blocklists.importers.tables import csv_table
from blocklists.importers.tables.columns import Chosen
from blocklists.importers.tables.headers import Header
from fanzha.decisions import Action
from fanzha.fraud import FraudType


def read(text: str, chosen: Chosen | None = None) -> tuple[list[Item], list[Header]]:
    headers: list[Header] = []
    lines = text.strip("\n").split("\n")
    items = csv_table.read(lines, choose=lambda _names: chosen or {}, on_header=headers.append)
    return list(items), headers


def rows(text: str, chosen: Chosen | None = None) -> list[ListRow]:
    return [item for item in read(text, chosen)[0] if isinstance(item, ListRow)]


def bad(text: str) -> list[BadLine]:
    return [item for item in read(text)[0] if isinstance(item, BadLine)]


def test_titles_above_the_header_are_no_entries() -> None:
    items, headers = read(
        "涉诈号码清单（第三批）,,\n报送单位：示例管局,,2026-01-05\n\n序号,号码,原因\n1,17000000001,群众举报"
    )

    assert items[:4] == [
        Ignored(3, "blank"), Ignored(1, "title"), Ignored(2, "title"),
        Ignored(4, "header; columns not used: 序号"),
    ]  # fmt: skip
    assert items[4] == ListRow(5, "17000000001", EntryKind.NUMBER, reason="群众举报")
    assert headers[0].names == ("序号", "号码", "原因")


def test_a_header_over_two_rows_is_read_from_both() -> None:
    items, headers = read(
        "序号,涉诈信息,,处置,\n,号码,原因,动作,有效期\n1,17000000001,群众举报,拦截,30天"
    )

    assert headers[0].layout.used == (
        ("号码", "number"), ("原因", "reason"), ("动作", "action"), ("有效期", "expires"),
    )  # fmt: skip
    assert headers[0].layout.unused == ("序号",)
    assert items[-1] == ListRow(
        3, "17000000001", EntryKind.NUMBER, Action.BLOCK, reason="群众举报", expires="30天"
    )


def test_a_name_merged_down_beside_others_is_read_with_the_second_row() -> None:
    found = rows("号码,处置,\n,动作,有效期\n17000000001,放行,2027-01-01")

    assert found == [
        ListRow(3, "17000000001", EntryKind.NUMBER, Action.ALLOW, expires="2027-01-01")
    ]


def test_names_with_line_breaks_are_names() -> None:
    found = rows('"号码\n（必填）","原因\n（选填）"\n17000000001,举报')

    assert found == [ListRow(4, "17000000001", EntryKind.NUMBER, reason="举报")]


def test_a_row_gives_an_entry_for_its_number_and_one_for_its_site() -> None:
    found = rows(
        "号码,域名,网址,原因\n17000000001,a.example,http://a.example/p,x\n,b.example,,y\n,,,z"
    )

    assert [(row.line, row.pattern, row.kind) for row in found] == [
        (2, "17000000001", EntryKind.NUMBER),
        (2, "http://a.example/p", EntryKind.URL_PREFIX),
        (3, "b.example", EntryKind.HOST),
    ]
    assert [row.reason for row in found] == ["x", "x", "y"]
    assert [line.line for line in bad("号码,域名\n17000000001,a.example\n,")] == []


def test_a_row_without_any_pattern_is_bad() -> None:
    assert [line.line for line in bad("号码,域名,原因\n,,z")] == [2]


def test_the_called_party_beside_a_caller_is_a_victim_and_not_listed() -> None:
    _, headers = read("主叫号码,被叫号码,原因\n17000000001,17000000999,x")

    assert headers[0].layout.unused == ("被叫号码",)
    assert [row.pattern for row in rows("主叫号码,被叫号码\n17000000001,17000000999")] == [
        "17000000001"
    ]


def test_a_callee_column_alone_gives_entries_of_direction_to() -> None:
    assert rows("被叫号码,原因\n17000000001,回拨诈骗") == [
        ListRow(2, "17000000001", EntryKind.NUMBER, direction=Direction.TO, reason="回拨诈骗")
    ]


def test_a_telephone_beside_a_site_is_listed_only_with_a_column_mapping() -> None:
    text = "域名,电话\na.example,17000000999"

    assert [row.pattern for row in rows(text)] == ["a.example"]
    assert read(text)[1][0].layout.unused == ("电话",)
    assert [row.pattern for row in rows(text, {"电话": "number"})] == ["17000000999", "a.example"]


def test_column_mappings_outrank_column_names() -> None:
    text = "涉案标识,备注,号码\n17000000001,甲,77"

    assert rows(text, {"涉案标识": "number", "号码": "ignore", "备注": "campaign"}) == [
        ListRow(2, "17000000001", EntryKind.NUMBER, campaign="甲")
    ]


def test_an_unknown_header_is_not_guessed() -> None:
    text = "姓名,联系方式,标识\n甲,17000000999,17000000001"

    assert rows(text) == []
    assert [line.line for line in bad(text)] == [1, 2]
    assert rows(text, {"标识": "number"}) == [ListRow(2, "17000000001", EntryKind.NUMBER)]


def test_of_columns_with_one_meaning_the_better_name_is_used() -> None:
    _, headers = read("备注,号码,原因\n甲,17000000001,乙")

    assert headers[0].layout.unused == ("备注",)
    assert [row.reason for row in rows("备注,号码,原因\n甲,17000000001,乙")] == ["乙"]


def test_a_type_may_be_the_type_of_fraud() -> None:
    found = rows("号码,类型\n17000000001,刷单返利\n17000000002,号码")

    assert [row.fraud_type for row in found] == [FraudType.BRUSHING_REBATE, None]
    assert [line.line for line in bad("号码,类型\n17000000001,别的")] == [2]


def test_digits_that_a_sheet_lost_make_a_bad_row() -> None:
    assert [line.line for line in bad("号码,原因\n1.7E+10,x\n17000000001.0,y")] == [2]


cells = st.text("号码原因域名 1,\"'a.*", max_size=8)


@given(st.lists(st.lists(cells, max_size=5), max_size=8))
def test_each_line_of_any_table_is_an_entry_or_reported(table: Sequence[Sequence[str]]) -> None:
    lines = [",".join(f'"{cell.replace(chr(34), "")}"' for cell in row) for row in table]

    items, _ = read("\n".join(lines) or "\n")

    text = "\n".join(lines).strip("\n")
    counted = {item.line for item in items}
    assert counted == set(range(1, len(text.split("\n")) + 1))


def test_an_address_in_a_cell_keeps_its_quotes() -> None:
    text = 'number\n"""Bank"" <sip:+8617000000001@ims.example>"\n"tel:+8617000000002"'

    assert [(row.pattern, row.kind) for row in rows(text)] == [
        ('"Bank" <sip:+8617000000001@ims.example>', EntryKind.NUMBER),
        ("tel:+8617000000002", EntryKind.NUMBER),
    ]
