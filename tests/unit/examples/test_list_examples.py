"""The example lists are read as their pages say."""

import pytest

from blocklists.importers.list_file import ListFile, ReadOptions
from blocklists.importers.list_format import Format
from blocklists.importers.rows import BadLine, Ignored, ListRow
from tests.support.builders import NINE_O_CLOCK_S
from tests.support.checkout import CHECKOUT

EXAMPLES = CHECKOUT / "examples"


@pytest.mark.parametrize(
    ("name", "form", "encoding", "rows", "bad"),
    [
        ("list.csv", Format.CSV, "utf-8", 19, 0),
        ("list-gb18030.csv", Format.CSV, "gb18030", 6, 1),
        ("list.xlsx", Format.XLSX, "", 5, 2),
        ("bundle.stix.json", Format.STIX, "ascii", 6, 2),
    ],
)
def test_an_example_is_read(name: str, form: Format, encoding: str, rows: int, bad: int) -> None:
    # Valid from the very second that our clock stands at.
    file = ListFile(EXAMPLES / name, ReadOptions(), NINE_O_CLOCK_S)
    items = list(file.items())
    file.close()

    assert (file.format_, file.encoding) == (form, encoding)
    assert sum(isinstance(item, ListRow) for item in items) == rows
    assert sum(isinstance(item, BadLine) for item in items) == bad


def test_the_example_workbook_has_a_hidden_sheet() -> None:
    file = ListFile(EXAMPLES / "list.xlsx", ReadOptions(), NINE_O_CLOCK_S)

    assert file.hidden_sheets == ["填表说明"]
    file.close()


def test_the_example_bundle_has_one_indicator_that_was_revoked() -> None:
    file = ListFile(EXAMPLES / "bundle.stix.json", ReadOptions(), NINE_O_CLOCK_S)

    found = [item.what for item in file.items() if isinstance(item, Ignored)]
    file.close()

    assert found.count("revoked indicator") == 1
