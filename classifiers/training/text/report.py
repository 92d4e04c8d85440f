"""Figures of the text model, source by source."""

from collections.abc import Callable, Mapping, Sequence
from random import Random

import numpy as np

from classifiers.evaluation import intervals
from classifiers.evaluation.metrics import f1_by_kind, threshold_for
from classifiers.text import fraud_type_words
from classifiers.text.classifier import kinds_of
from classifiers.training.text import call_transcripts, logit_adjustment
from classifiers.training.text.cascade import CascadeResult
from classifiers.training.text.data import LANGUAGES, OWN, TEST, LabelledText
from classifiers.training.text.evasions import EVASIONS
from classifiers.training.text.row_selection import RowSelection
from fanzha.tables import Bools, Float32s
from fanzha.text import normalise_all

Figures = list[dict[str, object]]
_LEARNED = ("fbs", "mendeley", "spamhunter_labelled", OWN)
"""Sources of the learning curve."""
_REWRITTEN_ROWS = 500
"""Of a source, at most: the second stage takes its time."""
REVIEWED = 0.001
"""Of public legitimate texts, blocked ones included: what a person is to judge at most."""
_NO_TRAFFIC = frozenset({OWN, *call_transcripts.SOURCES})
"""Sources whose legitimate texts are no sample of traffic."""
_NOTHING: Mapping[str, Bools] = {}
_REWRITTEN = (LANGUAGES.index("zh"), LANGUAGES.index("en"))


def is_ordinary(row: LabelledText) -> bool:
    """Return whether *row* is legitimate and of a sample of traffic."""
    return row.label == "ham" and row.source not in _NO_TRAFFIC


def review_threshold(scores: Float32s, blocked_from: float) -> float | None:
    """Return the score that `REVIEWED` of *scores* reach; None if that is no band below."""
    found = threshold_for(scores, REVIEWED)
    return found if 0 < found < blocked_from else None


def by_source(
    rows: Sequence[LabelledText], judged: CascadeResult, more: Mapping[str, Bools] = _NOTHING
) -> Figures:
    """Count what is blocked in each source, and *more*; a label without rows is left out."""
    sources = np.array([row.source for row in rows])
    figures: Figures = []
    for source in np.unique(sources).tolist():
        figure: dict[str, object] = {"source": source}
        for label in ("ham", "nonfraud", "fraud", "spam"):
            of_label = np.array([row.label == label for row in rows]) & (sources == source)
            figure |= _counts(label, of_label, judged, more)
        figures.append(figure)
    return figures


def with_test_rows(
    rows: Sequence[LabelledText], judged: CascadeResult, more: Mapping[str, Bools] = _NOTHING
) -> Figures:
    """Return `by_source`, with the test rows among *rows* besides, as ``test_fraud`` etc."""
    figures = by_source(rows, judged, more)
    places = np.flatnonzero(np.array([row.split == TEST for row in rows], np.bool_))
    only = CascadeResult(
        scores=judged.scores[places],
        blocked=judged.blocked[places],
        alone=judged.alone[places],
        escalated=judged.escalated[places],
    )
    of_test = {name: mask[places] for name, mask in more.items()}
    tested = by_source([rows[n] for n in places.tolist()], only, of_test) if len(places) else []
    by_name = {str(one["source"]): one for one in tested}
    return [
        figure
        | {
            f"test_{key}": value
            for key, value in by_name.get(str(figure["source"]), {}).items()
            if key != "source"
        }
        for figure in figures
    ]


def ham_by_language(rows: Sequence[LabelledText], blocked: Bools) -> Figures:
    """Count the legitimate texts blocked in each language and kind of source, with intervals.

    The interval holds 95 %, near-duplicates weighed by how alike they are.
    """
    ham = [n for n, row in enumerate(rows) if row.label == "ham"]
    kinds = np.array([logit_adjustment.kind_of(rows[n]) for n in ham])
    hits, clusters = blocked[ham], logit_adjustment.clusters_of(rows)[ham]
    figures: Figures = []
    for kind in np.unique(kinds).tolist():
        part = kinds == kind
        low, high = intervals.share(hits[part], clusters[part])
        figures.append(
            {
                "kind": kind,
                "ham": int(part.sum()),
                "blocked": int(hits[part].sum()),
                "low": round(low, 6),
                "high": round(high, 6),
            }
        )
    return figures


def reviewed(
    rows: Sequence[LabelledText], scores: Float32s, review: Mapping[str, float]
) -> dict[str, float]:
    """Return the share of the frauds of each source that is blocked or put up for review.

    *review* holds `review_threshold`, or nothing.
    """
    if not review:
        return {}
    reached = scores >= np.float32(review["review_threshold"])
    frauds = np.array([row.label == "fraud" for row in rows])
    sources = np.array([row.source for row in rows])
    return {
        source: round(float(reached[frauds & (sources == source)].mean()), 4)
        for source in np.unique(sources[frauds]).tolist()
    }


def under_evasions(
    rows: Sequence[LabelledText], blocked: Callable[[Sequence[str]], Bools], seed: int
) -> Figures:
    """Count the fraud that is blocked as it is, and rewritten by each evasion."""
    fraud = [row for row in rows if row.label == "fraud" and row.language in _REWRITTEN]
    figures: Figures = []
    for source in sorted({row.source for row in fraud}):
        texts = [row.text for row in fraud if row.source == source]
        if len(texts) > _REWRITTEN_ROWS:
            texts = Random(seed).sample(texts, _REWRITTEN_ROWS)  # noqa: S311  seeded on purpose
        figure: dict[str, object] = {"source": source, "fraud": len(texts)}
        figure["as it is"] = int(blocked(texts).sum())
        for name, rewrite in EVASIONS.items():
            chance = Random(seed)  # noqa: S311  seeded on purpose
            rewritten = [rewrite(text, chance) for text in texts]
            figure[name] = int(blocked(rewritten).sum())
        figures.append(figure)
    return figures


def _counts(
    label: str, rows: Bools, judged: CascadeResult, more: Mapping[str, Bools]
) -> dict[str, object]:
    if not rows.any():
        return {}
    return {
        label: int(rows.sum()),
        f"{label}_blocked": int((rows & judged.blocked).sum()),
        f"{label}_alone": int((rows & judged.alone).sum()),
        f"{label}_looked": int((rows & judged.escalated).sum()),
        **{f"{label}_{name}": int((rows & mask).sum()) for name, mask in more.items()},
    }


def kinds(rows: Sequence[LabelledText], scores: Float32s) -> Figures:
    """Return the macro F1 of kinds of fraud in each source: by network, by words, by both."""
    figures: Figures = []
    typed = np.array([bool(row.fraud_type) and row.label == "fraud" for row in rows])
    for source in sorted(
        {row.source for row, is_typed in zip(rows, typed, strict=True) if is_typed}
    ):
        of_source = np.array([row.source == source for row in rows])
        part: list[int] = np.flatnonzero(typed & of_source).tolist()
        true = np.array([rows[n].fraud_type for n in part], np.uint8)
        normal = normalise_all([rows[n].text for n in part])
        by_words = np.array([fraud_type_words.likely_type(text) for text in normal], np.uint8)
        found = {
            "network": scores[part, 1:].argmax(axis=1).astype(np.uint8) + np.uint8(1),
            "words": by_words,
            "both": kinds_of(normal, scores[part]),
        }
        figure: dict[str, object] = {"source": source, "fraud": len(part)}
        for name, guessed in found.items():
            by_kind = f1_by_kind(true, guessed)
            figure[name] = round(float(np.mean(list(by_kind.values()))), 4)
        figures.append(figure)
    return figures


def left_out(rounds: Sequence[tuple[RowSelection, Figures]]) -> Figures:
    """Return the figures of what rounds left out, named as they name it."""
    figures: Figures = []
    for one, found in rounds:
        for figure in found if one.left_out else []:
            name = figure["source"]
            whole = name in one.left_out
            figures.append({**figure, "source": name if whole else one.left_out[0]})
    return figures


def learning(
    rounds: Sequence[tuple[RowSelection, Figures]], whole: Figures, rows: int
) -> list[dict[str, float]]:
    """Return the recall on validation rows of rounds that learned from fewer groups."""
    fewer = sorted((one.share, found) for one, found in rounds if not one.left_out)
    points = [*fewer, (100, whole)] if fewer else []
    return [{"rows": rows * share // 100, **_recalls(found)} for share, found in points]


def _recalls(figures: Figures) -> dict[str, float]:
    return {
        str(one["source"]): round(float(str(one["fraud_blocked"])) / float(str(one["fraud"])), 4)
        for one in figures
        if one["source"] in _LEARNED
    }
