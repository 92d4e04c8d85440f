"""Whatever we write as CSV may be opened in a spreadsheet."""

import re

from tests.support.checkout import CHECKOUT


def test_no_csv_is_written_but_by_the_writer_that_escapes_formulas() -> None:
    files = [*CHECKOUT.glob("services/**/*.py"), *CHECKOUT.glob("blocklists/**/*.py")]

    writing = [file for file in files if re.search(r"csv\.(writer|DictWriter)", file.read_text())]

    assert files
    assert writing == []
