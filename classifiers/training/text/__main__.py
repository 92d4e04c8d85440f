"""Trains the text model: `python -m classifiers.training.text --data FOLDER --out BUNDLE`.

One run makes the whole bundle: the model, a round without each source, the learning curve, and the
card. All choices are made on validation rows; the test rows are scored once, at the end. The models
of rounds that leave out a source, or learn from fewer groups, are thrown away.
"""

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.progress import Progress

from classifiers.training import examples_card
from classifiers.training.examples import ExampleError
from classifiers.training.text import bundle
from classifiers.training.text import examples as sms_examples
from classifiers.training.text import page as sms_page
from classifiers.training.text import rounds as sms_rounds
from classifiers.training.text.data import LabelledText
from classifiers.training.text.embeddings import ENCODED
from classifiers.training.text.network import Trained
from classifiers.training.text.objectives.options import SHIPPED, TrainingOptions
from classifiers.training.text.report import Figures
from classifiers.training.text.rounds import TextTrainingSetup
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


def main(
    *,
    data: Annotated[Path, typer.Option(help="Folder with the labelled texts.")],
    out: Annotated[Path, typer.Option(help="Bundle to write; its name is the version.")],
    epochs: int = 10,
    seed: int = 20261124,
    page: Annotated[Path | None, typer.Option(help="Page to render from the card.")] = None,
    leave_out: Annotated[bool, typer.Option(help="Also train without each of some.")] = True,
    only_without: Annotated[
        list[str] | None,
        typer.Option(help="Of those rounds only the ones without these, and no learning curve."),
    ] = None,
    templates: Annotated[int, typer.Option(help="Messages of each of our own templates.")] = 40,
    examples: Annotated[
        list[Path] | None, typer.Option(help="Labelled examples of a site.")
    ] = None,
    robust: Weight = SHIPPED.robust,
    reversed_sources: Weight = SHIPPED.reversed_sources,
    contrastive: Epochs = SHIPPED.contrastive,
    aligned: Epochs = SHIPPED.aligned,
    processes: Annotated[int, typer.Option(min=1, help="Rounds at a time.")] = 2,
    embeddings: Annotated[
        Path | None,
        typer.Option(help="File that keeps the embeddings of texts from run to run; no texts."),
    ] = None,
) -> None:
    """Train, measure and write a text model."""
    options = TrainingOptions(robust, reversed_sources, contrastive, aligned)
    others = _rounds(epochs, only_without or []) if leave_out else []
    how = _Run(data, out, seed, templates, tuple(examples or ()), options, processes, embeddings)
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

    def run(self, one: RowSelection, others: Sequence[RowSelection]) -> None:
        """Train on *one*, run *others*, and write the bundle."""
        torch.set_num_threads(1)
        try:
            rows, site = sms_examples.read(self.data, self.seed, self.templates, self.examples)
        except ExampleError as error:
            sys.exit(f"examples: {error}")
        for line in examples_card.lines(site.about):
            sys.stderr.write(f"{line}\n")
        if self.embeddings is not None:
            ENCODED.read(self.embeddings)
        setup = TextTrainingSetup(
            rows=rows,
            teacher=_teacher(rows, self.seed, self.embeddings),
            seed=self.seed,
            train_only=site.sources,
            options=self.options,
        )
        # What a site's examples bring is told by what becomes of them without.
        without = [RowSelection(left_out=(name,), epochs=one.epochs) for name in site.sources]
        trained, rounds = _trained(setup, one, [*others, *without], self.processes)
        options = asdict(self.options)
        bundle.write(
            self.out, rows, trained, rounds=rounds, seed=self.seed, site=site, options=options
        )
        if self.embeddings is not None:
            ENCODED.keep(self.embeddings)


def _teacher(rows: Sequence[LabelledText], seed: int, embeddings: Path | None) -> Teacher:
    with Progress() as progress:
        encoding = progress.add_task("encoding", total=1.0)
        teacher = Teacher(rows, seed, lambda done: progress.update(encoding, completed=done))
    if embeddings is not None:
        ENCODED.keep(embeddings)
    return teacher


def _trained(
    setup: TextTrainingSetup, one: RowSelection, others: Sequence[RowSelection], processes: int
) -> tuple[Trained, list[tuple[RowSelection, Figures]]]:
    with Progress() as progress:
        task = progress.add_task("training", total=1 + len(others))
        trained, figures = sms_rounds.run_all(
            setup, one, others, processes=processes, done=lambda: progress.advance(task)
        )
    return trained, list(zip(others, figures, strict=True))


def _rounds(epochs: int, only_without: Sequence[str]) -> list[RowSelection]:
    if only_without:
        chosen = [one for one in LEFT_OUT if set(one) & set(only_without)]
        return [RowSelection(left_out=one, epochs=epochs) for one in chosen]
    rounds = [RowSelection(left_out=one, epochs=epochs) for one in LEFT_OUT]
    return rounds + [RowSelection(share=share, epochs=epochs) for share in SHARES]


if __name__ == "__main__":
    typer.run(main)
