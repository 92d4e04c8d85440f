"""One training of the text model after another: on all rows, without a source, on fewer groups.

Rounds are independent and run in processes of their own, one thread each, or one after another in
this one. They are forked, so that none reads or encodes the texts again.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

import numpy as np

from classifiers.training.bundle_writer import budget_threshold
from classifiers.training.checkpoints import NO_CHECKPOINTS, Checkpoints
from classifiers.training.link import calibration as link_calibration
from classifiers.training.link.calibration import Calibration
from classifiers.training.text import cascade, logit_adjustment, report
from classifiers.training.text.data import FRAUD, LANGUAGES, SPAM, TRAIN, VALIDATION, LabelledText
from classifiers.training.text.fit import train
from classifiers.training.text.network import TextNetwork, Trained, logits
from classifiers.training.text.objectives.options import PLAIN, TrainingOptions
from classifiers.training.text.row_selection import RowSelection
from classifiers.training.text.scores import (
    adjusted_classes,
    fraud_odds,
    probabilities,
    review_only,
)
from classifiers.training.text.second_stage.encoder_head import EncoderHead
from classifiers.training.text.teacher import Teacher
from fanzha.tables import Bools, Float32s

_EXTRA = (0.5, 1.0)
"""More caution in one language, tried: one threshold of the second stage serves all of them, so the
language that needs the highest would decide for the others. With 2.0 in English, sources left out
gained nothing in Chinese and lost 6 points in English."""
_BALANCED = (LANGUAGES.index("zh"), LANGUAGES.index("en"))


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTrainingSetup:
    """Shared by all rounds."""

    rows: Sequence[LabelledText]
    teacher: Teacher
    seed: int
    train_only: tuple[str, ...] = ()
    """Sources that are no sample: they teach and are measured, and choose nothing."""
    options: TrainingOptions = PLAIN
    checkpoints: Checkpoints = NO_CHECKPOINTS
    """Where rounds that end leave their figures, and take those of a run before."""

    def fit(self, one: RowSelection) -> Trained:
        """Train a network and a head, and choose what keeps them within the budget."""
        known = [row for row in self.rows if one.includes(row)]
        soft, head = self.teacher.distil(one.includes, self.seed)
        network = train(
            [row for row in known if row.split == TRAIN],
            epochs=one.epochs,
            seed=self.seed,
            progress=lambda *_: None,
            soft=soft,
            encoded=self.teacher.encoded(one.includes),
            options=self.options,
        )
        return self.careful(one, network, head)

    def careful(self, one: RowSelection, network: TextNetwork, head: EncoderHead) -> Trained:
        """Choose what keeps *network* and *head* within the budget, on validation rows."""
        few = logit_adjustment.few_legitimate(
            [row for row in self.rows if one.includes(row) and row.split == TRAIN]
        )
        validation = [row for row in self.rows if one.selects(row, self.train_only)]
        found = logits(network, [row.text for row in validation])
        # What is never blocked takes no part in the budget, unless there is nothing else.
        open_ = np.flatnonzero(~review_only(found, few)).tolist() or list(range(len(validation)))
        blockable = [validation[n] for n in open_]
        heads, best, highest = cascade.HeadOdds(head), None, -1.0
        for caution in _cautions(logit_adjustment.ham_offsets(validation, found)):
            classes = adjusted_classes(found, caution)
            calibration = _calibration(validation, classes)
            scores = probabilities(classes, calibration)
            stages, recall = cascade.choose(blockable, scores[open_, FRAUD], heads)
            if recall > highest:
                best, highest = (caution, calibration, stages, scores), recall
        assert best is not None  # noqa: S101 - there is one caution at least
        caution, calibration, stages, scores = best
        sources = np.array([row.source for row in validation])
        is_bad = np.array([row.label != "ham" for row in validation])
        return Trained(
            network=network,
            caution=caution,
            calibration=calibration,
            calibration_prevalence=calibration_prevalence(validation),
            stages=stages,
            spam_threshold=budget_threshold(scores[:, SPAM], is_bad, sources)[0],
            review_only=few,
        )

    def run(self, one: RowSelection) -> report.Figures:
        """Train without something, and count what is blocked of it, or of the validation rows."""
        return self.checkpoints.figures(one.part(), lambda: self.blocked(one, self.fit(one)))

    def blocked(self, one: RowSelection, trained: Trained) -> report.Figures:
        """Count what is blocked of what *one* left out, or of the validation rows.

        Besides: what is blocked or put up for review, and what would be blocked, were the language
        that it is taken for not only reviewed.
        """
        rows = [row for row in self.rows if one.leaves_out(row)]
        rows = rows or [row for row in self.rows if row.split == VALIDATION]
        judged, uncapped = _judged(trained, rows)
        more = {
            "reviewed": judged.scores >= np.float32(self._reviewed_from(one, trained)),
            "capped": uncapped.blocked & ~judged.blocked,
        }
        # Thresholds, templates and options were chosen with the other rows of these sources in
        # view, so what nobody looked at is told apart.
        return report.with_test_rows(rows, judged, more)

    def _reviewed_from(self, one: RowSelection, trained: Trained) -> float:
        held = [
            row
            for row in self.rows
            if row.split == VALIDATION and report.is_ordinary(row) and not one.leaves_out(row)
        ]
        if not held:
            return trained.stages.threshold
        scores = _judged(trained, held)[0].scores
        found = report.review_threshold(scores, trained.stages.threshold)
        return trained.stages.threshold if found is None else found


def run_rounds(
    bench: TextTrainingSetup,
    others: Sequence[RowSelection],
    *,
    processes: int,
    done: Callable[[RowSelection], None],
) -> list[report.Figures]:
    """Run *others*, so many at a time; *done* is called as each of them ends."""
    if processes == 1:
        figures = []
        for other in others:
            figures.append(bench.run(other))
            done(other)
        return figures
    with _pool(bench, processes) as pool:
        return _results(pool, others, done)


def run_all(
    bench: TextTrainingSetup,
    one: RowSelection,
    others: Sequence[RowSelection],
    *,
    processes: int,
    done: Callable[[RowSelection], None],
) -> tuple[Trained, list[report.Figures]]:
    """Train on *one*, then run *others*; *done* is called as each of them ends."""
    if processes == 1:
        trained = bench.fit(one)
        done(one)
        return trained, run_rounds(bench, others, processes=1, done=done)
    with _pool(bench, processes) as pool:
        main = pool.submit(_fit_shared, one)
        main.add_done_callback(lambda _: done(one))
        figures = _results(pool, others, done)
        return main.result(), figures


def _pool(bench: TextTrainingSetup, processes: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        processes, mp_context=get_context("fork"), initializer=_share, initargs=(bench,)
    )


def _results(
    pool: ProcessPoolExecutor,
    others: Sequence[RowSelection],
    done: Callable[[RowSelection], None],
) -> list[report.Figures]:
    tasks = []
    for other in others:
        task = pool.submit(_run_shared, other)
        task.add_done_callback(partial(_told, done, other))
        tasks.append(task)
    return [task.result() for task in tasks]


def _told(
    done: Callable[[RowSelection], None], other: RowSelection, _: Future[report.Figures]
) -> None:
    done(other)


_SHARED: list[TextTrainingSetup] = []


def _share(bench: TextTrainingSetup) -> None:
    _SHARED.append(bench)


def _cautions(least: Float32s) -> list[Float32s]:
    found = [least]
    for language in _BALANCED:
        for extra in _EXTRA:
            more = least.copy()
            more[language] += np.float32(extra)
            found.append(more)
    return found


def _judged(
    trained: Trained, rows: Sequence[LabelledText]
) -> tuple[cascade.CascadeResult, cascade.CascadeResult]:
    """Judge *rows* as they would be served, and as if no language were only reviewed."""
    texts = [row.text for row in rows]
    found = logits(trained.network, texts)
    classes = adjusted_classes(found, trained.caution)
    p_fraud = probabilities(classes, trained.calibration)[:, FRAUD]
    capped = review_only(found, trained.review_only)
    return trained.stages.judge(texts, p_fraud, capped), trained.stages.judge(texts, p_fraud)


def _fit_shared(one: RowSelection) -> Trained:
    return _SHARED[0].fit(one)


def _run_shared(one: RowSelection) -> report.Figures:
    return _SHARED[0].run(one)


def calibration_prevalence(rows: Sequence[LabelledText]) -> float:
    """Return the share of fraud among the *rows* that scores are calibrated on."""
    is_clear, is_fraud = _labels(rows)
    return float(is_fraud[is_clear].mean())


def _calibration(rows: Sequence[LabelledText], classes: Float32s) -> Calibration:
    is_clear, is_fraud = _labels(rows)
    return link_calibration.fit(fraud_odds(classes)[is_clear], is_fraud[is_clear])


def _labels(rows: Sequence[LabelledText]) -> tuple[Bools, Bools]:
    # Rows whose label leaves open whether they are fraud cannot say how often it is.
    is_clear = np.array([sum(row.allowed) == 1 for row in rows])
    return is_clear, np.array([row.label == "fraud" for row in rows])
