"""A site's examples among the rows of the link model."""

from pathlib import Path

import numpy as np
import pytest

from classifiers.training import examples
from classifiers.training.bundle_writer import percent_of
from classifiers.training.examples import ExampleError
from classifiers.training.examples_split import ECHO
from classifiers.training.link import data
from classifiers.training.link import examples as link_examples
from classifiers.training.link.data import LabelledLinks, Splits
from tests.unit.classifiers.training.link.test_data import domains, many
from tests.unit.classifiers.training.link.test_data import read as read_tables
from tests.unit.classifiers.training.test_examples import a_file, a_row


def a_link(number: int, **fields: object) -> dict[str, object]:
    values: dict[str, object] = {"url": f"http://pay.case{number}.example/{number}"}
    return a_row(**{**values, "group": f"g{number}", "decision_id": number + 1, **fields})


@pytest.fixture
def tables(tmp_path: Path) -> LabelledLinks:
    return read_tables(tmp_path, many("good", "benign") + many("bad", "malicious"))


def own(links: LabelledLinks, splits: Splits) -> tuple[list[str], list[str]]:
    """Return the links of examples that are learned from, and those that are only measured."""
    taught = [links.urls[row] for row in splits.train.tolist() if row in links.examples]
    return taught, [links.urls[row] for row in splits.examples.tolist()]


def test_examples_change_no_split_of_the_tables(tables: LabelledLinks, tmp_path: Path) -> None:
    # Those of several months stay out of what is kept as later, too.
    rows = [a_link(n, closed_at_ms=10**12 + n * 10**9) for n in range(100)]
    before = data.split_rows(tables)

    links, splits, _ = link_examples.read(tmp_path, [a_file(tmp_path, *rows)])

    count = len(tables)
    assert list(links.urls[:count]) == list(tables.urls)
    assert splits.train[splits.train < count].tolist() == before.train.tolist()
    for name in ("validation", "test", "later", "unseen", "gambling"):
        assert getattr(splits, name).tolist() == getattr(before, name).tolist()
    taught, measured = own(links, splits)
    assert len(taught) + len(measured) == 100
    assert len(taught) > len(measured) > 10


def test_a_domain_is_on_one_side(tables: LabelledLinks, tmp_path: Path) -> None:
    known = [url.replace("http://a.", "http://c.") for url in tables.urls[:200]]
    rows = [a_link(n, url=url, label="nonfraud") for n, url in enumerate(known)]

    links, splits, site = link_examples.read(tmp_path, [a_file(tmp_path, *rows)])

    taught, measured = own(links, splits)
    held_out = np.concatenate([splits.validation, splits.test])
    assert domains(links, splits.train).isdisjoint(domains(links, splits.examples))
    assert domains(links, splits.train).isdisjoint(domains(links, held_out))
    assert taught
    assert measured
    assert site.about["left_out"] == {ECHO: 200 - len(taught) - len(measured)}


def test_no_example_changes_sides_when_the_file_grows(
    tables: LabelledLinks, tmp_path: Path
) -> None:
    rows = [a_link(n, group=f"g{n // 3}") for n in range(120)]

    few = link_examples.read(tmp_path, [a_file(tmp_path, *rows[:50], name="few.csv")])
    all_ = link_examples.read(tmp_path, [a_file(tmp_path, *reversed(rows), name="all.csv")])

    (taught, measured), (later_taught, later_measured) = own(*few[:2]), own(*all_[:2])
    assert taught
    assert measured
    assert set(taught) <= set(later_taught)
    assert set(measured) <= set(later_measured)


def test_a_campaign_or_a_sender_that_is_learned_from_is_not_measured(
    tables: LabelledLinks, tmp_path: Path
) -> None:
    one_campaign = [a_link(n, group="g") for n in range(40)]
    in_train = percent_of("g") < data.TRAIN_PERCENT
    one_sender = [a_link(n, sender="+8617000000001") for n in range(40, 80)]

    links, splits, site = link_examples.read(
        tmp_path, [a_file(tmp_path, *one_campaign, *one_sender)]
    )

    taught, measured = own(links, splits)
    assert sum(".case1." in link or ".case39." in link for link in taught) == 2 * in_train
    assert all(int(link.rsplit("/", 1)[1]) < 40 for link in measured)
    assert site.about["left_out"] == {ECHO: 80 - len(taught) - len(measured)}


def test_links_that_are_missing_or_unreadable_are_left_out(
    tables: LabelledLinks, tmp_path: Path
) -> None:
    path = a_file(tmp_path, a_link(1), a_link(2, url=""), a_link(3, url="http://..../"))

    _, _, site = link_examples.read(tmp_path, [path])

    assert site.about["left_out"] == {examples.NO_CONTENT: 1, examples.UNREADABLE: 1}
    assert sum(one["rows"] for one in site.about["counts"]) == 1


def test_the_name_of_a_table_is_no_name_for_examples(tables: LabelledLinks, tmp_path: Path) -> None:
    with pytest.raises(ExampleError, match="'good' is one of the tables"):
        link_examples.read(tmp_path, [a_file(tmp_path, a_link(1, source="good"))])
