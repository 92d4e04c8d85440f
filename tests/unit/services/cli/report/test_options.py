"""Every figure and group of the report on warnings has a name in both languages."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

from services.cli.report import options

PACKAGE = (files("services.cli.report") / "report_words.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", options.LANGUAGES)
def test_names_of_one_table_differ(language: str) -> None:
    for columns in (options.OF_ALL, options.OF_GROUPS):
        heads = [column.head(language, 20) for column in columns]

        assert len(set(heads)) == len(heads)
        assert sum("20" in head for head in heads) == 2


@pytest.mark.parametrize(
    ("name", "by", "zh", "en"),
    [
        ("", "city", "未知", "not known"),
        ("high", "tier", "高", "high"),
        ("romance", "fraud_type", "网络婚恋、交友", "romance"),
        ("police", "source", "police", "police"),
    ],
)
def test_a_group_is_selected_by_name(name: str, by: str, zh: str, en: str) -> None:
    assert options.group(name, by, "zh") == zh
    assert options.group(name, by, "en") == en


@pytest.mark.parametrize(
    ("before", "after", "wrong"),
    [
        ("[tiers]", "[tier]", "names other things than"),
        ('safe = { zh = "确认安全", en = "safe" }', "", "names other things than"),
        ('en = "safe"', 'fr = "safe"', "[all] safe: not in zh and en"),
        ('en = "safe"', 'en = ""', "[all] safe: not in zh and en"),
        ("{minutes} min of event", "{hours} of event", "[all] event_in_time: knows no placeholder"),
        ("{minutes} min of event", "{ of event", "[all] event_in_time: knows no placeholder"),
    ],
)
def test_wrong_names_are_refused(tmp_path: Path, before: str, after: str, wrong: str) -> None:
    assert before in PACKAGE
    (tmp_path / "words.toml").write_text(PACKAGE.replace(before, after), encoding="utf-8")

    with pytest.raises(ValueError, match=r"^words\.toml: .*" + re.escape(wrong)):
        options.read(tmp_path / "words.toml")
