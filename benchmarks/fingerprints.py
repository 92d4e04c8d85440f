"""Measures recall and false matches of fingerprints on near-duplicates.

``python -m benchmarks.fingerprints DATA`` reads the labelled messages of ``DATA`` (a folder with
the three SMS tables). Only training data is measured: neither test groups nor sources of
evaluation. For each number of equal values a table shows how many fraud texts with near-duplicates
in the data are found by one of them, and how many legitimate texts match any fraud text.
"""

import gzip
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np

from classifiers.training.text import data
from fanzha import fingerprint
from fanzha.fingerprint import Sketches
from fanzha.tables import Bools, Int64s
from fanzha.text import normalise_all

_BATCH = 512
_MOST_OF_GROUP = 60


class Message(NamedTuple):
    """One labelled text."""

    label: str
    group: str
    split: str
    text: str


def main(folder: Path) -> None:
    """Write the table for the labelled messages in *folder*."""
    messages = [message for message in read(folder) if message.split != data.TEST]
    sketches = _sketched([message.text for message in messages])
    labels = np.array([message.label for message in messages])
    measured = np.array([message.split == data.VALIDATION for message in messages])
    for name in ("ham", "spam", "fraud"):
        _say(f"with a fingerprint, {name}: {sketches.known[labels == name].mean():.3f}")
    fraud = np.flatnonzero((labels == "fraud") & sketches.known)
    recall = _found_in_groups(messages, sketches, (labels == "fraud") & measured)
    near = _nearest(sketches, np.flatnonzero(labels == "ham"), fraud)
    held = near[measured[labels == "ham"]]
    _say("equal  texts found  pairs found  ham, validation  ham, training too")
    for least in range(fingerprint.VALUES // 2, fingerprint.VALUES + 1):
        texts, pairs = recall[least]
        few = f"{np.count_nonzero(held >= least):4} of {len(held):,}"
        many = f"{np.count_nonzero(near >= least):4} of {len(near):,}"
        _say(f"{least:5}  {texts:11.3f}  {pairs:11.3f}  {few}  {many}")


def read(folder: Path) -> Iterator[Message]:
    """Read the messages of all sources that may train, split as training splits them."""
    for name in data.FILES:
        with gzip.open(folder / name, "rt", encoding="utf-8", newline="\n") as lines:
            next(lines)
            for line in lines:
                _, source, _, label, _, group, text = line.rstrip("\n").split("\t")
                if source not in data.EVALUATION_ONLY:
                    split = data._split(group)  # noqa: SLF001  the very same split
                    yield Message(label, group, split, text)


def _sketched(texts: list[str]) -> Sketches:
    starts = range(0, len(texts), _BATCH)
    batches = [normalise_all(texts[start : start + _BATCH]) for start in starts]
    began = time.perf_counter()
    parts = [fingerprint.sketches(batch) for batch in batches]
    each = (time.perf_counter() - began) / len(texts) * 1e6
    letters = sum(len(text) for batch in batches for text in batch) / len(texts)
    _say(f"{len(texts):,} texts of {letters:.0f} characters at {each:.2f} µs")
    values, known = zip(*parts, strict=True)
    return Sketches(np.concatenate(values), np.concatenate(known))


def _found_in_groups(
    messages: list[Message], found: Sketches, measured: Bools
) -> dict[int, tuple[float, float]]:
    """Return, by the least number of equal values, the share of texts and of pairs found."""
    groups: dict[str, list[int]] = defaultdict(list)
    for row in np.flatnonzero(measured).tolist():
        groups[messages[row].group].append(row)
    pairs = np.array(
        [pair for rows in groups.values() for pair in combinations(rows[:_MOST_OF_GROUP], 2)]
    )
    one, other = pairs.T
    equal = fingerprint.equal_values(found.values[one], found.values[other])
    keys = fingerprint.band_keys(found.values)
    equal[~((keys[one] == keys[other]).any(axis=1) & found.known[one] & found.known[other])] = 0
    texts = len(np.unique(pairs))
    return {
        least: (len(np.unique(pairs[equal >= least])) / texts, float(np.mean(equal >= least)))
        for least in range(fingerprint.VALUES + 1)
    }


def _nearest(found: Sketches, rows: Int64s, listed: Int64s) -> Int64s:
    """Return for each of *rows* the most equal values with any of *listed* that bands reach."""
    nearest = np.zeros(len(rows), np.int64)
    theirs = fingerprint.band_keys(found.values[listed])
    mine = fingerprint.band_keys(found.values[rows])
    for band in range(fingerprint.BANDS):
        order = np.argsort(theirs[:, band], kind="stable")
        first = np.searchsorted(theirs[order, band], mine[:, band], side="left")
        count = np.searchsorted(theirs[order, band], mine[:, band], side="right") - first
        count[~found.known[rows]] = 0
        queries = np.repeat(np.arange(len(rows)), count)
        nth = np.arange(len(queries)) - np.repeat(np.cumsum(count) - count, count)
        there = listed[order[np.repeat(first, count) + nth]]
        equal = fingerprint.equal_values(found.values[rows[queries]], found.values[there])
        np.maximum.at(nearest, queries, equal)
    return nearest


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
