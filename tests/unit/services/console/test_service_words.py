"""Codes of the service have words in both languages, as far as the service itself makes them."""

import re

import pytest

from services.console.web import service_words
from services.console.web.formats import ReaderFormats
from services.decision.rules import PRECEDENCE
from services.warning.cases.opening import INTAKE
from services.warning.policy.tiers import TierPolicy


def test_every_rule_and_every_line_of_the_shipped_policy_has_words() -> None:
    assert {name for name, _, _ in PRECEDENCE} == service_words.RULES.keys()
    assert {line.id for line in TierPolicy.load().lines} == service_words.TIER_LINES.keys()
    assert INTAKE in service_words.ACTORS


@pytest.mark.parametrize("kind", service_words.ALL)
def test_chinese_words_have_no_english_in_them(kind: str) -> None:
    chinese = ReaderFormats("zh")
    words = {code: chinese.gettext(text) for code, text in service_words.ALL[kind].items()}

    assert [code for code, word in words.items() if re.search(r"[a-z]{2}", word)] == []
