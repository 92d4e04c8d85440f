"""What keeps the text model within its budget."""

from dataclasses import replace

import numpy as np

from classifiers.training.text import logit_adjustment
from classifiers.training.text.data import FRAUD, LANGUAGES, OWN, VALIDATION, LabelledText
from classifiers.training.text.scores import adjusted_classes, probabilities
from fanzha.tables import Float32s


def rows_of(
    count: int, source: str = "nus", language: int = 0, label: str = "ham"
) -> list[LabelledText]:
    row = LabelledText(
        source=source,
        label=label,
        split=VALIDATION,
        text="text",
        language=language,
        allowed=(label == "ham", label == "spam", label == "fraud"),
    )
    return [replace(row, group=f"{label} {n}") for n in range(count)]


def logits(chance: np.random.Generator, count: int, language: int = 0) -> Float32s:
    classes = chance.normal(size=(count, 3), scale=3)
    languages = np.full((count, len(LANGUAGES)), -50.0)
    languages[:, language] = 50
    return np.concatenate([classes, languages], axis=1).astype(np.float32)


def test_the_caution_needed_makes_fraud_as_likely_as_not() -> None:
    found = logits(np.random.default_rng(1), 500)
    needed = logit_adjustment.required_margins(found)
    ahead = needed > -100

    classes = found[:, :3].copy()
    classes[:, 0] += needed
    p_fraud = probabilities(classes)[:, FRAUD]

    assert 0 < ahead.sum() < 500
    assert np.allclose(p_fraud[ahead], 0.5, atol=1e-3)


def test_where_spam_is_likelier_no_caution_is_needed() -> None:
    spam = np.array([[0, 2, 1]], np.float32)

    assert logit_adjustment.required_margins(spam)[0] < -100


def test_one_in_ten_thousand_of_a_language_may_reach_even_odds() -> None:
    found = logits(np.random.default_rng(2), 20_000)

    caution = logit_adjustment.ham_offsets(rows_of(20_000), found)

    p_fraud = probabilities(adjusted_classes(found, caution))[:, FRAUD]
    assert (p_fraud > 0.501).sum() <= 2
    assert (p_fraud > 0.499).sum() >= 2


def test_a_language_without_enough_ham_is_treated_as_the_hardest() -> None:
    found = logits(np.random.default_rng(3), 2000)

    caution = logit_adjustment.ham_offsets(rows_of(2000), found)

    assert (caution == caution[0]).all()


def test_near_duplicates_count_once() -> None:
    found = logits(np.random.default_rng(4), 2000)
    rows = rows_of(2000)
    worst = np.argsort(-logit_adjustment.required_margins(found))[:3]
    alike = [replace(row, group="one") if n in worst else row for n, row in enumerate(rows)]

    apart = logit_adjustment.ham_offsets(rows, found)[0]
    together = logit_adjustment.ham_offsets(alike, found)[0]

    assert together < apart


def test_one_in_a_hundred_of_our_own_look_alikes_may_reach_even_odds() -> None:
    found = logits(np.random.default_rng(5), 2000)

    caution = logit_adjustment.ham_offsets(rows_of(2000, source=OWN), found)

    p_fraud = probabilities(adjusted_classes(found, caution))[:, FRAUD]
    assert 19 <= (p_fraud > 0.499).sum() <= 21


def test_a_language_with_few_legitimate_texts_to_learn_from_is_only_reviewed() -> None:
    few = logit_adjustment.FEWEST_LEGITIMATE
    rows = rows_of(few, language=0) + rows_of(few - 1, language=1) + rows_of(few, language=2)
    rows += rows_of(few, source=OWN, language=1) + rows_of(few, language=3, label="fraud")

    found = logit_adjustment.few_legitimate(rows)

    assert found.tolist() == [False, True, False, True, True]


def test_all_other_languages_are_only_reviewed_however_many_texts_there_are() -> None:
    rows = rows_of(1000, language=LANGUAGES.index("other"))

    assert logit_adjustment.few_legitimate(rows)[LANGUAGES.index("other")]
