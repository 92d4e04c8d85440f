"""The pages on list files name every column that is known."""

import pytest

from blocklists.importers.files import ENCODINGS
from blocklists.importers.list_format import Format
from blocklists.importers.tables.columns import COLUMNS, PATTERN_COLUMNS
from tests.support.checkout import CHECKOUT

DOCS = CHECKOUT / "docs"


@pytest.mark.parametrize("name", ["how-to/list-files.md", "zh/how-to/list-files.md"])
def test_a_page_names_all_columns_formats_and_encodings(name: str) -> None:
    page = (DOCS / name).read_text(encoding="utf-8")

    for column, aliases in (PATTERN_COLUMNS | COLUMNS).items():
        assert f"| `{column}` | {', '.join(aliases)} |" in page
    assert all(f"`{word}`" in page for word in (*Format, *ENCODINGS))
