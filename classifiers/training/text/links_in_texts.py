"""What scoring the links inside texts adds: ``python -m classifiers.training.text.links_in_texts``.

Prints, for each source and label, how many texts hold a link, how many their words block, and how
many their links block besides (`classifiers.text.link_evidence`). The two figures of that module
were chosen on training and validation rows, as the lowest that block no further legitimate text
of any source; test rows are for reporting.
"""

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from classifiers import bundles
from classifiers.interfaces import LinkScorer, TextScorer
from classifiers.text import link_evidence
from classifiers.training.text import data
from classifiers.training.text.data import LabelledText
from fanzha.links import find_links
from fanzha.tables import Texts

BATCH = 512
_HEADER = (
    "| source | label | texts | with a link | by words | by link besides |",
    "| --- | --- | --: | --: | --: | --: |",
)
LABELS = ("ham", "nonfraud", "fraud", "spam")


class Outcome(NamedTuple):
    """What became of one text."""

    has_link: bool
    by_words: bool
    by_link: bool


def outcomes(
    texts: Sequence[str], text_model: TextScorer, link_model: LinkScorer, threshold: float
) -> Iterator[Outcome]:
    """Decide on texts by words alone, and by words and links together."""
    link_scores = partial(link_evidence.LinkScores().of, link_model)
    for start in range(0, len(texts), BATCH):
        batch = texts[start : start + BATCH]
        links = [find_links(text) for text in batch]
        owners = np.array([row for row, found in enumerate(links) for _ in found], np.int64)
        urls = [url for found in links for url in found]
        scores = text_model.score(table_of(batch)).p_fraud
        found = link_evidence.highest(link_scores, urls, owners, scores, threshold)
        blocked = link_evidence.blocking(scores, found)
        for row, score in enumerate(scores.tolist()):
            by_words = score >= threshold
            by_link = blocked is not None and bool(blocked[row])
            yield Outcome(bool(links[row]), by_words, by_link and not by_words)


def report(rows: Sequence[LabelledText], found: Sequence[Outcome]) -> str:
    """Write a table in Markdown: one line per source and label that has texts."""
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row, outcome in zip(rows, found, strict=True):
        count = counts[row.source, row.label]
        count["texts"] += 1
        count.update(name for name, value in outcome._asdict().items() if value)
    lines = [
        "| source | label | texts | with a link | by words | by link besides |",
        "| --- | --- | --: | --: | --: | --: |",
    ]
    for (source, label), count in sorted(
        counts.items(), key=lambda one: (LABELS.index(one[0][1]), one[0][0])
    ):
        figures = [count[name] for name in ("texts", *Outcome._fields)]
        lines.append(f"| {source} | {label} | {' | '.join(map(str, figures))} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the shipped models on the texts of a folder."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of labelled texts")
    parser.add_argument("--seed", type=int, default=1, help="of our own templates")
    given = parser.parse_args(arguments)
    text_model, link_model = bundles.load_text(), bundles.load_link()
    everything = [row for row in data.read(given.data, given.seed) if row.source != "teleantifraud"]
    for split in (data.TRAIN, data.VALIDATION, data.TEST):
        rows = [row for row in everything if row.split == split]
        texts = [row.text for row in rows]
        found = list(outcomes(texts, text_model, link_model, text_model.threshold))
        sys.stdout.write(f"\n{split}\n\n{report(rows, found)}\n")
        sys.stdout.flush()


def table_of(texts: Sequence[str]) -> Texts:
    """Return a table of texts of which nothing else is known."""
    ones = np.ones(len(texts), np.int64)
    return Texts(
        senders=ones,
        receivers=ones,
        bodies=texts,
        submitted_at_ms=ones,
        ingress=ones.astype(np.uint8),
        trunks=[""] * len(texts),
        names={},
        errors={},
    )


if __name__ == "__main__":
    main()
