"""Labelled links: read, made canonical, and split so that no test is an echo of training."""

import csv
import gzip
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from classifiers.training.bundle_writer import percent_of
from classifiers.training.examples import TrainingExample
from fanzha.tables import Bools, Int64s
from fanzha.url import canonicals, registrable, split

Strings: TypeAlias = npt.NDArray[np.str_]

TABLES = ("urls.csv.gz", "domains.csv.gz")
"""Links, and bare hosts."""
UNSEEN = ("openphish", "citizenlab", "awesomelists_zh", "hellogithub_zh")
"""Never trained on, as their licences forbid it: a test on unseen sources."""
UNVETTED = ("chinalist", "tranco2026")
"""Legitimate by use alone, a routing list and a ranking: nobody looked at what is on them, and
throw-away domains are. The card shows the threshold with and without them."""
TRAIN_PERCENT = 70
VALIDATION_PERCENT = 15
POPULAR_SOURCES = 3
"""A domain in the benign rows of so many sources is popular: training may always know it."""
LATER_PERCENT = 10
"""The newest months with at least so many rows of each dated source are kept for testing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledLinks:
    """All rows, one array per field."""

    urls: Sequence[str]
    """Canonical."""
    domains: Int64s
    """A number for each registrable domain, or for the whole host where there is none."""
    percents: Int64s
    """A hash of the domain, 0 to 99."""
    malicious: Bools
    kinds: Strings
    sources: Strings
    """Without the ``+root`` and ``+host`` that mark how a row was derived."""
    months: Strings
    """When first seen, ``2026-05``; empty where unknown."""
    host_only: Bools
    """Rows of the table of bare hosts."""
    examples: Mapping[int, TrainingExample] = field(default_factory=dict)
    """The rows of a site's own examples."""

    def __len__(self) -> int:
        return len(self.urls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Splits:
    """Rows by what they are for; no domain that is trained on is in any of the others.

    Popular domains are all trained on, as a service would know them: what is measured is
    how the model does on the many domains that it cannot know.
    """

    train: Int64s
    validation: Int64s
    """All choices are made on these: settings, epochs, threshold."""
    test: Int64s
    later: Int64s
    """Malicious rows newer than all training rows of their source."""
    unseen: Int64s
    gambling: Int64s
    """Neither trained on nor counted as benign: legal in some places, a crime in others."""
    known_domain: int
    """Rows left out of the last three because their domain is in the first two."""
    popular_malicious: int
    """Malicious rows that are trained on because their domain is popular."""
    examples: Int64s = field(default_factory=lambda: np.zeros(0, np.int64))
    """Rows of a site's own examples that are only measured; others of them are in `train`."""


def read(folder: Path, examples: Sequence[TrainingExample] = ()) -> LabelledLinks:
    """Read both tables of *folder*, and put *examples* after them."""
    rows = [
        (*row, host_only)
        for name, host_only in zip(TABLES, (False, True), strict=True)
        for row in _rows(folder / name, host_only=host_only)
    ]
    rows = [row for row in rows if row[0]]
    tables = len(rows)
    rows += [(one.content, one.is_fraud, "", one.source, one.month, False) for one in examples]
    urls, malicious, kinds, sources, months, host_only_column = zip(*rows, strict=True)
    numbers: dict[str, int] = {}
    domains = [_domain(url) for url in urls]
    return LabelledLinks(
        urls=urls,
        domains=np.array([numbers.setdefault(domain, len(numbers)) for domain in domains]),
        percents=np.array([percent_of(domain) for domain in domains]),
        malicious=np.array(malicious),
        kinds=np.array(kinds),
        sources=np.array(sources),
        months=np.array(months),
        host_only=np.array(host_only_column),
        examples=dict(enumerate(examples, tables)),
    )


def split_rows(links: LabelledLinks) -> Splits:
    """Split by a hash of the domain, and by time where sources have dates.

    A site's examples are in no part, and change none; `link_examples` puts them where they belong.
    """
    own = np.zeros(len(links), np.bool_)
    own[list(links.examples)] = True
    unseen = np.isin(links.sources, UNSEEN)
    gambling = links.kinds == "gambling"
    later = newest_rows(links) & ~unseen & ~gambling & ~own
    rest = ~unseen & ~gambling & ~later & ~own
    popular = popular_domains(links, rest)
    percent, training_end = np.where(popular, 0, links.percents), TRAIN_PERCENT
    validation_end = TRAIN_PERCENT + VALIDATION_PERCENT
    fresh = ~np.isin(links.domains, np.unique(links.domains[rest & (percent < validation_end)]))
    return Splits(
        train=np.flatnonzero(rest & (percent < training_end)),
        validation=np.flatnonzero(rest & (percent >= training_end) & (percent < validation_end)),
        test=np.flatnonzero(rest & (percent >= validation_end)),
        later=np.flatnonzero(later & fresh),
        unseen=np.flatnonzero(unseen & fresh),
        gambling=np.flatnonzero(gambling & fresh),
        known_domain=int((~rest & ~own & ~fresh).sum()),
        popular_malicious=int((rest & popular & links.malicious).sum()),
    )


def popular_domains(links: LabelledLinks, rows: Bools) -> Bools:
    """Return a mask of which rows are of a domain that several sources among *rows* call benign."""
    benign = rows & ~links.malicious
    pairs = {*zip(links.domains[benign].tolist(), links.sources[benign].tolist(), strict=True)}
    sources = np.bincount([domain for domain, _source in pairs], minlength=links.domains.max() + 1)
    popular: Bools = (sources >= POPULAR_SOURCES)[links.domains]
    return popular


def newest_rows(links: LabelledLinks) -> Bools:
    """Return a mask of malicious rows in the newest months of a source with three or more."""
    newest = np.zeros(len(links), np.bool_)
    for source in np.unique(links.sources[links.malicious]):
        dated = links.malicious & (links.sources == source) & (links.months != "")
        months = np.sort(links.months[dated])
        if len(np.unique(months)) >= 3:  # noqa: PLR2004 - two months make no past and future
            newest |= dated & (links.months >= months[len(months) * (100 - LATER_PERCENT) // 100])
    return newest


def licences(folder: Path) -> Mapping[str, str]:
    """Read the licence of each source from the table in the data's README."""
    found = {}
    for line in (folder / "README.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) > 3 and cells[1] in {"benign", "malicious"}:  # noqa: PLR2004 - the licence's column
            found[cells[0]] = cells[3]
    return found


def _rows(path: Path, *, host_only: bool) -> Iterator[tuple[str, bool, str, str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    urls = canonicals([f"http://{row['url']}/" if host_only else row["url"] for row in rows])
    for url, row in zip(urls, rows, strict=True):
        source = row["source"].partition("+")[0]
        yield url, row["label"] == "malicious", row["kind"], source, row["first_seen"][:7]


def _domain(url: str) -> str:
    host, _path = split(url)
    return registrable(host) or host
