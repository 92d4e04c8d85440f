"""Trains the text model: `python -m classifiers.training.text --data FOLDER --out BUNDLE`.

One run makes the whole bundle: the model, a round without each source, the learning curve, and the
card. All choices are made on validation rows; the test rows are scored once, at the end. The models
of rounds that leave out a source, or learn from fewer groups, are thrown away. With `--rounds` the
figures of each round are kept as it ends, and a run that was killed goes on from there. With
`--only-rounds` they go into the card of a bundle that is there, and nothing else of it changes.
"""

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic
from typing import Annotated, Self

import torch
import typer
from rich.progress import Progress

from classifiers.training import examples_card
from classifiers.training.checkpoints import Checkpoints
from classifiers.training.examples import ExampleError
from classifiers.training.examples_card import SiteExamples
from classifiers.training.text import bundle
from classifiers.training.text import examples as sms_examples
from classifiers.training.text import page as sms_page
from classifiers.training.text.data import LabelledText
from classifiers.training.text.embeddings import ENCODED
from classifiers.training.text.objectives.options import SHIPPED, TrainingOptions
from classifiers.training.text.rounds import card_rounds, training_rounds
from classifiers.training.text.rounds.card_rounds import OtherTrainingError
from classifiers.training.text.rounds.conditions import conditions
from classifiers.training.text.rounds.training_rounds import TextTrainingSetup
from classifiers.training.text.row_selection import RowSelection
from classifiers.training.text.teacher import Teacher

LEFT_OUT = (
    ("mendeley", "fbs", "teleantifraud"),
    ("indonesian_sms", "indonesian_reports", "thai_sms", "spamhunter", "spamhunter_labelled"),
    ("inbox", "uci", "turkish_sms", "livechat"),
    ("w80", "msglog"),
    ("nus",),
)
"""Every public source, in one round or another. Of the first and the third, no two have a language
and kind of message in common; the second leaves out two languages, the fourth one corpus."""
SHARES = (25, 50)
"""Of the groups, for the learning curve."""

Weight = Annotated[float, typer.Option(min=0)]
Epochs = Annotated[int, typer.Option(min=0)]
OnlyWithout = Annotated[
    list[str] | None,
    typer.Option(help="Of those rounds only the ones without these, and no learning curve."),
]
EmbeddingsFile = Annotated[
    Path | None,
    typer.Option(help="File that keeps the embeddings of texts from run to run; no texts."),
]
RoundsFolder = Annotated[
    Path | None, typer.Option(help="Folder that keeps the figures of each round, for the next run.")
]
OnlyRounds = Annotated[
    bool,
    typer.Option(help="Run the rounds alone, and put them into the card of the bundle --out."),
]


def main(
    *,
    data: Annotated[Path, typer.Option(help="Folder with the labelled texts.")],
    out: Annotated[Path, typer.Option(help="Bundle to write; its name is the version.")],
    epochs: int = 10,
    seed: int = 20261124,
    page: Annotated[Path | None, typer.Option(help="Page to render from the card.")] = None,
    leave_out: Annotated[bool, typer.Option(help="Also train without each of some.")] = True,
    only_without: OnlyWithout = None,
    templates: Annotated[int, typer.Option(help="Messages of each of our own templates.")] = 40,
    examples: Annotated[
        list[Path] | None, typer.Option(help="Labelled examples of a site.")
    ] = None,
    robust: Weight = SHIPPED.robust,
    reversed_sources: Weight = SHIPPED.reversed_sources,
    contrastive: Epochs = SHIPPED.contrastive,
    aligned: Epochs = SHIPPED.aligned,
    processes: Annotated[int, typer.Option(min=1, help="Rounds at a time.")] = 2,
    embeddings: EmbeddingsFile = None,
    rounds: RoundsFolder = None,
    only_rounds: OnlyRounds = False,
) -> None:
    """Train, measure and write a text model."""
    options = TrainingOptions(robust, reversed_sources, contrastive, aligned)
    others = _rounds(epochs, only_without or []) if leave_out else []
    how = _Run(
        data, out, seed, templates, tuple(examples or ()), options, processes, embeddings, rounds
    )
    if only_rounds:
        how.run_rounds(epochs, others)
    else:
        how.run(RowSelection(epochs=epochs), others)
    if page is not None:
        sms_page.write(out, page)


@dataclass(frozen=True, slots=True)
class _Run:
    """One run of the command."""

    data: Path
    out: Path
    seed: int
    templates: int
    examples: tuple[Path, ...]
    options: TrainingOptions
    processes: int
    embeddings: Path | None
    rounds: Path | None

    def run(self, one: RowSelection, others: Sequence[RowSelection]) -> None:
        """Train on *one*, run *others*, and write the bundle."""
        rows, site = self._read()
        setup = self._setup(rows, site)
        rounds = _of(setup.rows, [*others, *_without_examples(site, one.epochs)])
        with _Told(1 + len(rounds)) as told:
            trained, figures = training_rounds.run_all(
                setup, one, rounds, processes=self.processes, done=told.round
            )
        bundle.write(
            self.out,
            setup.rows,
            trained,
            rounds=list(zip(rounds, figures, strict=True)),
            seed=self.seed,
            site=site,
            options=asdict(self.options),
        )
        self._keep_embeddings()

    def run_rounds(self, epochs: int, others: Sequence[RowSelection]) -> None:
        """Run *others*, and put their figures into the card of the bundle that is there."""
        rows, site = self._read()
        options = asdict(self.options)
        try:
            card_rounds.check(self.out, rows, self.seed, options)
        except OtherTrainingError as error:
            sys.exit(str(error))
        rounds = _of(rows, [*others, *_without_examples(site, epochs)])
        if not rounds:
            sys.exit("no round to run")
        setup = self._setup(rows, site)
        with _Told(len(rounds)) as told:
            figures = training_rounds.run_rounds(
                setup, rounds, processes=self.processes, done=told.round
            )
        kept = list(zip(rounds, figures, strict=True))
        card_rounds.put(self.out, setup.rows, kept, self.seed, options)
        self._keep_embeddings()

    def _read(self) -> tuple[list[LabelledText], SiteExamples]:
        try:
            rows, site = sms_examples.read(self.data, self.seed, self.templates, self.examples)
        except ExampleError as error:
            sys.exit(f"examples: {error}")
        for line in examples_card.lines(site.about):
            sys.stderr.write(f"{line}\n")
        return rows, site

    def _setup(self, rows: Sequence[LabelledText], site: SiteExamples) -> TextTrainingSetup:
        torch.set_num_threads(1)
        if self.embeddings is not None:
            ENCODED.read(self.embeddings)
        made_from = conditions(rows, self.seed, self.options, site.sources)
        return TextTrainingSetup(
            rows=rows,
            teacher=_teacher(rows, self.seed, self.embeddings),
            seed=self.seed,
            train_only=site.sources,
            options=self.options,
            checkpoints=Checkpoints(self.rounds, made_from),
        )

    def _keep_embeddings(self) -> None:
        if self.embeddings is not None:
            ENCODED.keep(self.embeddings)


def _without_examples(site: SiteExamples, epochs: int) -> list[RowSelection]:
    # What a site's examples bring is told by what becomes of them without.
    return [RowSelection(left_out=(name,), epochs=epochs) for name in site.sources]


def _of(rows: Sequence[LabelledText], rounds: Sequence[RowSelection]) -> list[RowSelection]:
    # Without rows to leave out, a round would be one more training on all.
    return [one for one in rounds if not one.left_out or any(one.leaves_out(row) for row in rows)]


def _teacher(rows: Sequence[LabelledText], seed: int, embeddings: Path | None) -> Teacher:
    with Progress() as progress:
        encoding = progress.add_task("encoding", total=1.0)
        teacher = Teacher(rows, seed, lambda done: progress.update(encoding, completed=done))
    if embeddings is not None:
        ENCODED.keep(embeddings)
    return teacher


class _Told:
    """Tells each training as it ends: in a terminal how many are left, in a log what they were."""

    def __init__(self, trainings: int) -> None:
        self._progress = Progress()
        self._task = self._progress.add_task("training", total=trainings)
        self._start = monotonic()

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def round(self, one: RowSelection) -> None:
        """Tell that *one* has ended."""
        minutes = (monotonic() - self._start) / 60
        self._progress.console.print(
            f"{minutes:.1f} min: {one.about()}", highlight=False, soft_wrap=True
        )
        self._progress.advance(self._task)


def _rounds(epochs: int, only_without: Sequence[str]) -> list[RowSelection]:
    if only_without:
        chosen = [one for one in LEFT_OUT if set(one) & set(only_without)]
        return [RowSelection(left_out=one, epochs=epochs) for one in chosen]
    rounds = [RowSelection(left_out=one, epochs=epochs) for one in LEFT_OUT]
    return rounds + [RowSelection(share=share, epochs=epochs) for share in SHARES]


if __name__ == "__main__":
    typer.run(main)
