"""What disguises cost, and what reading them brings: ``python -m classifiers.training.disguises``.

Prints tables in Markdown for the shipped text model, of validation and test rows: the recall on
frauds under each disguise, read as they came and read without it; and for each source of
legitimate texts and adverts, how many hold a disguise, and how many are blocked for it.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np

from classifiers import bundles
from classifiers.text.classifier import TextClassifier
from classifiers.text.disguise import disguised
from classifiers.training.bundle_writer import markdown_table
from classifiers.training.disguises import rewriters
from classifiers.training.disguises.rewriters import Disguise
from classifiers.training.text import data
from classifiers.training.text.data import LANGUAGES, LabelledText
from fanzha.tables import Bools

Blocked = Callable[[Sequence[str]], Bools]
FEWEST_FRAUDS = 20
MOST_FRAUDS = 300
"""Of a source: the second stage takes its time."""


class BothReadings(NamedTuple):
    """The model as it reads texts as they came, and without their disguises."""

    plain: Blocked
    undisguised: Blocked


def recall_table(
    rows: Sequence[LabelledText], model: BothReadings, disguises: Mapping[str, Disguise], seed: int
) -> str:
    """Write the recall on each source of frauds in *rows*: before and after undoing."""
    lines = []
    for source in sorted({row.source for row in rows}):
        texts = [row.text for row in rows if row.source == source]
        if len(texts) < FEWEST_FRAUDS:
            continue
        if len(texts) > MOST_FRAUDS:
            texts = Random(seed).sample(texts, MOST_FRAUDS)  # noqa: S311  seeded on purpose
        line: list[object] = [source, len(texts), f"{model.plain(texts).mean():.1%}"]
        for disguise in disguises.values():
            chance = Random(seed)  # noqa: S311  seeded on purpose
            hidden = [disguise(text, chance) for text in texts]
            before, after = model.plain(hidden).mean(), model.undisguised(hidden).mean()
            line.append(f"{before:.1%} → {after:.1%}")
        lines.append(line)
    return markdown_table(("source", "frauds", "as they are", *disguises), lines)


def harmless_table(rows: Sequence[LabelledText], model: BothReadings) -> str:
    """Write how many texts of each source and label hold disguises, and are blocked for them."""
    lines = []
    for source, label in sorted({(row.source, row.label) for row in rows}):
        texts = [row.text for row in rows if (row.source, row.label) == (source, label)]
        hidden = [texts[row] for row in disguised(texts).rows]
        before, after = model.plain(hidden), model.undisguised(hidden)
        newly = int((after & ~before).sum())
        lines.append([source, label, len(texts), len(hidden), int(before.sum()), newly])
    heads = (
        "source",
        "label",
        "texts",
        "disguised",
        "of them blocked as they came",
        "newly blocked",
    )
    return markdown_table(heads, lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the shipped model on the texts of a folder."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of labelled texts")
    parser.add_argument("--seed", type=int, default=1, help="of our own templates and of chance")
    given = parser.parse_args(arguments)
    model = BothReadings(_blocked(reads_disguises=False), _blocked(reads_disguises=True))
    everything = data.read(given.data, given.seed)
    for split in (data.VALIDATION, data.TEST):
        rows = [row for row in everything if row.split == split]
        for language, disguises in (("en", rewriters.ENGLISH), ("zh", rewriters.CHINESE)):
            frauds = [row for row in rows if row.label == "fraud"]
            spoken = [row for row in frauds if LANGUAGES[row.language] == language]
            _write(f"{split}, {language}", recall_table(spoken, model, disguises, given.seed))
        harmless = [row for row in rows if row.label != "fraud"]
        _write(f"{split}, legitimate and adverts", harmless_table(harmless, model))


def _write(title: str, table: str) -> None:
    sys.stdout.write(f"\n{title}\n\n{table}\n")
    sys.stdout.flush()


def _blocked(*, reads_disguises: bool) -> Blocked:
    model: TextClassifier = bundles.load_text(reads_disguises=reads_disguises)

    def blocked(texts: Sequence[str]) -> Bools:
        found: Bools = model.score_bodies(texts).p_fraud >= np.float32(model.threshold)
        return found

    return blocked


if __name__ == "__main__":
    main()
