"""Reading lists of words."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha.toml_files import read_table, read_words


def test_a_file_that_is_no_toml_is_refused_with_its_name(tmp_path: Path) -> None:
    for content in (b"a = ", "a = '官'".encode("gbk")):
        (tmp_path / "some.toml").write_bytes(content)

        with pytest.raises(ValueError, match=r"^some\.toml: "):
            read_table(tmp_path / "some.toml")


@given(st.lists(st.text(), min_size=1))
def test_words_are_read_as_they_stand_or_refused(words: list[str]) -> None:
    is_clean = all(word and word == word.strip() for word in words)
    if is_clean and len(words) == len(set(words)):
        assert read_words(words, "some.toml: x") == tuple(words)
    else:
        with pytest.raises(ValueError, match=r"^some\.toml: x: "):
            read_words(words, "some.toml: x")
