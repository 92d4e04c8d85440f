"""A site's examples as rows for the link model: one more source, each domain on one side.

The side of an example is a hash of its campaign, for a campaign has many domains. Where its domain
or its sender is on the other side all the same, the example is left out.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from classifiers.training import examples, examples_card, examples_split
from classifiers.training.bundle_writer import percent_of
from classifiers.training.examples import ExampleError
from classifiers.training.examples_card import NO_EXAMPLES, SiteExamples
from classifiers.training.examples_split import ECHO
from classifiers.training.link import data as link_data
from classifiers.training.link.data import TRAIN_PERCENT, UNSEEN, LabelledLinks, Splits
from fanzha.url import canonical


def read(data: Path, paths: Sequence[Path]) -> tuple[LabelledLinks, Splits, SiteExamples]:
    """Read and split the tables in *data*, with the examples of some files where there are any."""
    if not paths:
        links = link_data.read(data)
        return links, link_data.split_rows(links), NO_EXAMPLES
    found = examples.read(paths, "url", lambda fields: canonical(fields["url"].strip()))
    places, left_out = examples_split.agreed(found.rows, [one.content for one in found.rows])
    links = link_data.read(data, [found.rows[place] for place in places])
    _check_names(links)
    splits = with_examples(links, link_data.split_rows(links))
    taught, measured = {*splits.train.tolist()}, {*splits.examples.tolist()}
    used = [row for row in links.examples if row in taught | measured]
    left_out[ECHO] = len(links.examples) - len(used)
    site = examples_card.summed(
        found, [links.examples[row] for row in used], [row in taught for row in used], left_out
    )
    return links, splits, site


def with_examples(links: LabelledLinks, splits: Splits) -> Splits:
    """Put the examples of *links* into the parts they belong to; the tables stay as they are."""
    rows = np.array(list(links.examples), np.int64)
    groups = [links.examples[row].group for row in rows.tolist()]
    learns = np.array([percent_of(group) < TRAIN_PERCENT for group in groups])
    tables = np.arange(len(links) - len(rows))
    elsewhere = np.setdiff1d(tables, splits.train)
    taught = rows[learns]
    taught = taught[~np.isin(links.domains[taught], links.domains[elsewhere])]
    train = np.concatenate([splits.train, taught])
    measured = rows[~learns]
    measured = measured[~np.isin(links.domains[measured], links.domains[train])]
    senders = {links.examples[row].sender for row in taught.tolist()} - {""}
    apart = [row for row in measured.tolist() if links.examples[row].sender not in senders]
    return replace(splits, train=train, examples=np.array(apart, np.int64))


def _check_names(links: LabelledLinks) -> None:
    tables = np.ones(len(links), np.bool_)
    tables[list(links.examples)] = False
    known = {*np.unique(links.sources[tables]).tolist(), *UNSEEN}
    for one in links.examples.values():
        if one.source in known:
            raise ExampleError(f"source: {one.source!r} is one of the tables; choose another name")
