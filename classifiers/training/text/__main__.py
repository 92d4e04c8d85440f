"""Trains the text model: `python -m classifiers.training.text --data FOLDER --out BUNDLE`.

Two processes of one thread each. All choices are made on validation rows; the test rows are
scored once, at the end. The models of rounds that leave out a source, or learn from fewer
groups, are thrown away.
"""

import sys
from collections.abc import Sequence
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
from classifiers.training.text.network import Trained
from classifiers.training.text.report import Figures
from classifiers.training.text.rounds import TextTrainingSetup
from classifiers.training.text.row_selection import RowSelection
from classifiers.training.text.teacher import Teacher

LEFT_OUT = (
    ("mendeley", "fbs", "teleantifraud"),
    ("inbox",),
    ("spamhunter", "spamhunter_labelled"),
)
"""Of the first, no two have a language and kind of message in common."""
SHARES = (25, 50)
"""Of the groups, for the learning curve."""


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
) -> None:
    """Train, measure and write a text model."""
    torch.set_num_threads(1)
    try:
        rows, site = sms_examples.read(data, seed, templates, examples or [])
    except ExampleError as error:
        sys.exit(f"examples: {error}")
    for line in examples_card.lines(site.about):
        sys.stderr.write(f"{line}\n")
    others = _rounds(epochs, only_without or []) if leave_out else []
    # What a site's examples bring is told by what becomes of them without.
    others += [RowSelection(left_out=(one,), epochs=epochs) for one in site.sources]
    trained, rounds = _trained(rows, RowSelection(epochs=epochs), others, seed, site.sources)
    bundle.write(out, rows, trained, rounds=rounds, seed=seed, site=site)
    if page is not None:
        sms_page.write(out, page)


def _trained(
    rows: Sequence[LabelledText],
    one: RowSelection,
    others: Sequence[RowSelection],
    seed: int,
    train_only: tuple[str, ...],
) -> tuple[Trained, list[tuple[RowSelection, Figures]]]:
    with Progress() as progress:
        encoding = progress.add_task("encoding", total=1.0)
        teacher = Teacher(rows, seed, lambda done: progress.update(encoding, completed=done))
        bench = TextTrainingSetup(rows=rows, teacher=teacher, seed=seed, train_only=train_only)
        task = progress.add_task("training", total=1 + len(others))
        trained, figures = sms_rounds.run_all(
            bench, one, others, done=lambda: progress.advance(task)
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
