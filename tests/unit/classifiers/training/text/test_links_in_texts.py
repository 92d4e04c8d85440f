"""The figures of links inside texts: each text counts once, under what decided it."""

from collections.abc import Sequence

import numpy as np

from classifiers.interfaces import TextScores
from classifiers.training.text import data, links_in_texts
from classifiers.training.text.links_in_texts import Outcome
from fanzha.tables import Float32s, Texts


class ByWord:
    """Scores a text by the first word of it."""

    version = "test-1"
    threshold = 0.9
    spam_threshold = 0.9

    def score(self, texts: Texts, facts: object = None) -> TextScores:
        scores = np.array([float(body.split()[0]) for body in texts.bodies], np.float32)
        zeros = np.zeros(len(texts), np.float32)
        return TextScores(p_fraud=scores, p_spam=zeros, fraud_types=zeros.astype(np.uint8))


class ByHost:
    """Scores links of one host as fraud."""

    version = "test-1"
    threshold = 0.99

    def score(self, urls: Sequence[str]) -> Float32s:
        return np.array(["evil.example" in url for url in urls], np.float32)


TEXTS = ["0.95 evil.example/a", "0.5 evil.example/a", "0.5 a.example/b", "0.01 evil.example", "0.5"]
OUTCOMES = [
    Outcome(has_link=True, by_words=True, by_link=False),
    Outcome(has_link=True, by_words=False, by_link=True),
    Outcome(has_link=True, by_words=False, by_link=False),
    Outcome(has_link=True, by_words=False, by_link=False),
    Outcome(has_link=False, by_words=False, by_link=False),
]


def test_each_text_is_blocked_by_its_words_its_link_or_not_at_all() -> None:
    assert list(links_in_texts.outcomes(TEXTS, ByWord(), ByHost(), 0.9)) == OUTCOMES


def test_the_table_has_a_line_for_each_source_and_label() -> None:
    labels = ("ham", "fraud", "fraud", "ham", "ham")
    rows = [
        data.labelled(source="s", label=label, category="", group=text, text=text, language="en")
        for text, label in zip(TEXTS, labels, strict=True)
    ]

    lines = links_in_texts.report(rows, OUTCOMES).splitlines()

    assert lines[2:] == ["| s | ham | 3 | 2 | 1 | 0 |", "| s | fraud | 2 | 2 | 0 | 1 |"]
