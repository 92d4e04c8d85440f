"""Sentences of notices that are missing, or tell too much or too little, are refused."""

import re
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.appeals.notices import phrase_texts
from services.appeals.notices.phrase_texts import SENTENCES

PACKAGE = (files("services.appeals") / "notices" / "phrases.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("before", "after", "wrong"),
    [
        ('late = "原', 'too_late = "原', "[zh]: missing or unknown: late, too_late"),
        ('late = "The time limit was {at}', 'late = "The time limit', "[en] late: missing or"),
        ("was {at} and", "was {at} {by} and", "[en] late: missing or unknown: {by}"),
        ("was {at} and", "was {at and", "[en] late: expected '}'"),
        ("was {at} and", "was {} and", "[en] late: missing or unknown: {, at}"),
        ('not_stated = "未注明"', 'not_stated = " "', "[zh] not_stated: no text"),
        ('not_stated = "未注明"', "not_stated = 1", "[zh] not_stated: no text"),
        ('SENDER = "the sender"', "", "[en] things: missing or unknown: SENDER"),
        ("[en.sources]", "[en.source]", "[en]: missing or unknown: source"),
        ('ROMANCE = "romance', 'ROMANTIC = "romance', "[en] frauds: missing or unknown"),
        ("[en]", "[fr]", "has the languages zh and en"),
    ],
)
def test_a_wrong_sentence_is_refused_with_its_place(
    tmp_path: Path, before: str, after: str, wrong: str
) -> None:
    file = tmp_path / "phrases.toml"
    assert before in PACKAGE
    file.write_text(PACKAGE.replace(before, after), encoding="utf-8")

    with pytest.raises(ValueError, match=r"^phrases\.toml: .*" + re.escape(wrong)):
        phrase_texts.read(file)


@pytest.mark.parametrize("language", ["zh", "en"])
@given(st.text("{}x", min_size=1), st.sampled_from(sorted(SENTENCES)))
def test_values_are_written_as_they_are(language: str, value: str, name: str) -> None:
    sentence = phrase_texts.texts()[language].sentences[name]
    if name == "moment":
        return

    written = sentence.format_map(dict.fromkeys(SENTENCES[name], value))

    assert written.count(value) >= len(SENTENCES[name])
