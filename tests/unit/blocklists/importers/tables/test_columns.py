"""Names of columns, and what somebody has said of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists.importers.tables import columns
from blocklists.importers.tables.columns import COLUMNS, IGNORED, PATTERN_COLUMNS
from blocklists.importers.tables.records import TableLayout
from fanzha.errors import InvalidInput

ALIASES = [
    (alias, column) for column, aliases in (PATTERN_COLUMNS | COLUMNS).items() for alias in aliases
]


def test_each_name_means_one_thing() -> None:
    names = [columns.plain(alias) for alias, _ in ALIASES]

    assert len(names) == len(set(names))
    assert names == [alias for alias, _ in ALIASES]


@pytest.mark.parametrize(
    "written",
    [
        "号码",
        " 号 码 ",
        "号码（必填）",
        "*号码",
        "号码:",
        "号\n码",
        "“号码”".strip("“”"),
        "号码\u3000",
    ],
)
def test_spelling_does_not_matter(written: str) -> None:
    assert columns.target_of(written) == "number"


@pytest.mark.parametrize("written", ["Valid Until", "valid-until", "VALID_UNTIL (UTC)"])
def test_spelling_does_not_matter_in_english(written: str) -> None:
    assert columns.target_of(written) == "expires"


def test_choices_name_what_a_column_holds_in_either_language() -> None:
    chosen = columns.chosen(["涉案标识=number", "登记人=忽略", "X=域名", "a=b=reason"])

    assert chosen == {"涉案标识": "number", "登记人": IGNORED, "x": "host", "a=b": "reason"}


@pytest.mark.parametrize("pair", ["号码", "=number", "号码=", "号码=colour"])
def test_a_wrong_choice_is_refused(pair: str) -> None:
    with pytest.raises(InvalidInput):
        columns.chosen([pair])


def test_the_fingerprint_of_a_header_is_that_of_its_names_in_their_order() -> None:
    one = columns.fingerprint(["号码", "原因", ""])

    assert one == columns.fingerprint(["号 码", "原因（简要）"])
    assert one != columns.fingerprint(["原因", "号码"])


@given(st.text(max_size=40))
def test_any_header_is_normalised_and_normalising_is_idempotent(name: str) -> None:
    once = columns.plain(name)

    assert columns.plain(once) == once or columns.target_of(once) == ""
    assert len(columns.fingerprint([name])) == 32


@given(st.permutations([alias for alias, _ in ALIASES]), st.integers(0, 12))
def test_every_column_is_used_or_reported(names: list[str], many: int) -> None:
    names = names[:many]
    layout = TableLayout.of(names)

    if layout is not None:
        found = [name for name, _ in layout.used] + list(layout.unused) + list(layout.ignored)
        assert sorted(found) == sorted(names)


@given(
    st.dictionaries(
        st.text("甲乙丙丁xyz", min_size=1, max_size=4), st.sampled_from(columns.TARGETS)
    )
)
def test_column_mappings_are_applied(said: dict[str, str]) -> None:
    layout = TableLayout.of(list(said), said)

    patterns = [target for target in said.values() if target in PATTERN_COLUMNS]
    assert (layout is None) == (not patterns)
    if layout is not None:
        assert all(said[name] == target for name, target in layout.used)
        assert list(layout.ignored) == [name for name in said if said[name] == IGNORED]


@pytest.mark.parametrize(
    ("name", "target"), [("號碼", "number"), ("電話號碼", "number"), ("網址", "url")]
)
def test_traditional_names_are_those_of_the_simplified_ones(name: str, target: str) -> None:
    assert columns.target_of(name) == target
