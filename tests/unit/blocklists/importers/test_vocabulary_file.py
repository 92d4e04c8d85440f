"""Files of words and of names of columns are refused with the place of what is wrong."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

from blocklists.importers.tables import columns
from blocklists.importers.vocabulary import VocabularyFile

COLUMNS = (files("blocklists.importers.tables") / "columns.toml").read_text(encoding="utf-8")
MEMBERS = {"YES": 1, "NO": 2}


def test_words_mean_what_their_list_means(tmp_path: Path) -> None:
    (tmp_path / "words.toml").write_text('[said]\nNO = ["no", "否"]\nYES = ["a_b"]\n', "utf-8")

    read = VocabularyFile(tmp_path / "words.toml").meanings("said", MEMBERS)

    assert list(read.items()) == [("no", 2), ("否", 2), ("a_b", 1)]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('[told]\nYES = ["y"]\nNO = ["n"]\n', "no table [said]"),
        ('[said]\nYES = ["y"]\n', "[said]: missing or unknown: NO"),
        ('[said]\nYES = ["y"]\nNO = ["n"]\nMAYBE = ["m"]\n', "[said]: missing or unknown: MAYBE"),
        ('[said]\nYES = ["y"]\nNO = ["y"]\n', "[said] NO: 'y' has another meaning already"),
        ('[said]\nYES = ["y"]\nNO = ["No"]\n', "[said] NO: 'No': write small letters"),
        ('[said]\nYES = ["y"]\nNO = ["n-o"]\n', "[said] NO: 'n-o': write small letters, and _"),
        ('[said]\nYES = ["y"]\nNO = []\n', "[said] NO: not a list of words"),
        ("[said\n", "line 1"),
    ],
)
def test_wrong_words_are_refused(tmp_path: Path, text: str, wrong: str) -> None:
    (tmp_path / "words.toml").write_text(text, encoding="utf-8")

    with pytest.raises(ValueError, match=r"^words\.toml: .*" + re.escape(wrong)):
        VocabularyFile(tmp_path / "words.toml").meanings("said", MEMBERS)


@pytest.mark.parametrize(
    ("before", "after", "wrong"),
    [
        ("[others]", "[other]", "missing or unknown: other, others"),
        ('"indicator"', '"号码"', "number: '号码': there already"),
        ('"indicator"', '"Indicator"', "pattern: 'Indicator': there already, or not as"),
        ('"indicator"', '"pattern"', "[patterns] pattern: a word stands there twice"),
        ("ambiguous = [", 'ambiguous = [ "nobody",', "ambiguous: no column: nobody"),
    ],
)
def test_wrong_names_of_columns_are_refused(
    tmp_path: Path, before: str, after: str, wrong: str
) -> None:
    assert before in COLUMNS
    (tmp_path / "columns.toml").write_text(COLUMNS.replace(before, after), encoding="utf-8")

    with pytest.raises(ValueError, match=r"^columns\.toml: .*" + re.escape(wrong)):
        columns.read(tmp_path / "columns.toml")
