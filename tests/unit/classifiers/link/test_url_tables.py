"""What the columns of URLs look up, laid out once for all processes of a host."""

from dataclasses import replace

import numpy as np
import pytest

from classifiers import bundles, card
from classifiers.link import url_columns, url_statistics, url_tables, url_trees
from classifiers.link.letter_odds import LetterOdds
from classifiers.link.url_statistics import UrlStatistics
from classifiers.link.url_tables import UrlTables
from classifiers.link.url_trees import UrlTrees
from classifiers.link.word_tables import WordFigures, WordSet
from tests.support.link_cascades import STATISTICS


def test_equal_texts_are_laid_out_once_and_few_are_kept() -> None:
    texts = [
        url_statistics.dump(replace(STATISTICS, suffixes={"test": float(number)}))
        for number in range(5)
    ]

    first, again = url_tables.shared(texts[0]), url_tables.shared(str(texts[0]))
    rates = [
        url_columns.rows(["http://a.test/"], url_tables.shared(text))[0].tolist() for text in texts
    ]

    assert first is again
    assert [row[url_columns.NAMES.index("suffix_rate")] for row in rates] == [0, 1, 2, 3, 4]
    assert len(url_tables._known) <= 2  # noqa: SLF001


def test_what_was_read_before_a_fork_is_what_the_model_reads() -> None:
    bundle = bundles.newest(bundles.SHIPPED, "url")
    about = card.read(bundle)
    url_trees.read_statistics(bundle)
    known = list(url_tables._known.values())  # noqa: SLF001

    trees = UrlTrees(card.read_cascade_head(bundle, about))

    assert any(trees.tables is one for one in known)


def test_tables_may_be_empty_and_words_may_be_of_other_scripts() -> None:
    nothing = UrlStatistics(
        suffixes={},
        suffix_domains={},
        top_levels={"中国": 1.0},
        host_words={"é": 1.0},
        name_words={},
        path_words={},
        lexicon=frozenset({"naïve", "Bank", "in"}),
    )

    row = url_columns.rows(["http://naïve-bank.中国/é"], UrlTables(nothing))[0]

    assert np.isfinite(row).all()
    assert row[url_columns.NAMES.index("name_words")] == 0


def test_each_word_has_its_figures_in_the_order_of_the_words() -> None:
    words = WordSet(["b", "a", "", "b"], {"": 1.0, "a": 2.0, "b": 3.0}, {"": 4, "a": 5, "b": 6})

    assert [one.tolist() for one in words.figures] == [[1, 2, 3], [4, 5, 6]]
    assert WordFigures({}).table.words.bits == 0


def test_letters_with_figures_of_one_side_only_are_refused() -> None:
    odds = LetterOdds({"ab": 1.0}, {})

    with pytest.raises(KeyError):
        UrlTables(replace(STATISTICS, label_letters=odds))
