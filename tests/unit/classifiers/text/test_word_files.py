"""Files of words are refused with their name and the place of what is wrong."""

import re
from pathlib import Path

import pytest

from classifiers.link import brand_names
from classifiers.text import fraud_type_words
from fanzha.fraud import FraudType

LEXICON = "".join(f'{kind.name} = ["w{kind.value}"]\n' for kind in FraudType if kind)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[a]\nbrand = []\n", "[a] brand: not a list of words"),
        ('[a]\nbrand = "brand.example"\n', "[a] brand: not a list of words"),
        ('[a]\nbrand = [" "]\n', "[a] brand: a word that is empty"),
        ('[a]\nbrand = ["a.example", "a.example"]\n', "[a] brand: a word stands there twice"),
        ('[a]\nbrand = ["a.example"]\n[b]\nbrand = ["b.example"]\n', "[b] brand: stands there"),
        ('brand = ["a.example"]\n', "brand: not a table of brands"),
        ("[a\n", "line 1"),
    ],
)
def test_wrong_brands_are_refused(tmp_path: Path, text: str, wrong: str) -> None:
    file = tmp_path / "brands.toml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(
        ValueError, match="^" + re.escape("brands.toml: ") + ".*" + re.escape(wrong)
    ):
        brand_names.read(file)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (LEXICON.replace("ROMANCE", "ROMANTIC"), "ROMANCE, ROMANTIC"),
        (LEXICON + 'UNSPECIFIED = ["x"]\n', "UNSPECIFIED"),
        (LEXICON.replace('"w9"', '"w9", "w9"'), "a word stands there twice"),
        (LEXICON.replace('["w9"]', "[]"), "not a list of words"),
    ],
)
def test_a_wrong_lexicon_is_refused(tmp_path: Path, text: str, wrong: str) -> None:
    file = tmp_path / "lexicon.toml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(ValueError, match=r"^lexicon\.toml: .*" + re.escape(wrong)):
        fraud_type_words.read(file)


def test_of_equal_kinds_the_order_of_the_file_decides(tmp_path: Path) -> None:
    file = tmp_path / "lexicon.toml"
    file.write_text("".join(reversed(LEXICON.splitlines(keepends=True))), encoding="utf-8")

    assert list(fraud_type_words.read(file)) == [kind for kind in FraudType if kind][::-1]
