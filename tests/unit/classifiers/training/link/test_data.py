"""Splits of labelled links, from tables written on the spot."""

import gzip
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from classifiers.training.link import data
from classifiers.training.link.data import LabelledLinks, Splits

HEADER = "url,label,kind,source,first_seen"
Row = tuple[str, str, str, str, str]


def read(folder: Path, links: Sequence[Row], hosts: Sequence[Row] = ()) -> LabelledLinks:
    for name, rows in (("urls", links), ("domains", hosts)):
        text = "\n".join([HEADER, *(",".join(row) for row in rows)])
        (folder / f"{name}.csv.gz").write_bytes(gzip.compress(text.encode()))
    return data.read(folder)


def many(source: str, label: str, count: int = 300, month: str = "") -> list[Row]:
    return [
        (f"http://{host}.{source}{number}.test/{number}", label, "", source, month)
        for number in range(count)
        for host in ("a", "b")
    ]


def domains(links: LabelledLinks, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> set[int]:
    return set(links.domains[rows].tolist())


def test_rows_are_made_canonical_and_unreadable_ones_dropped(tmp_path: Path) -> None:
    links = read(
        tmp_path,
        [("https://WWW.Bank.test:443/a/../b#c", "benign", "", "ours+root", ""),
         ("http://..../", "malicious", "scam", "theirs", "2026-05-01")],
        [("shop.test", "malicious", "scam", "theirs", "2026-04-30")],
    )  # fmt: skip

    assert list(links.urls) == ["https://www.bank.test/b", "http://shop.test/"]
    assert links.sources.tolist() == ["ours", "theirs"]
    assert links.months.tolist() == ["", "2026-04"]
    assert links.host_only.tolist() == [False, True]


def test_no_domain_is_on_two_sides_of_a_split(tmp_path: Path) -> None:
    links = read(tmp_path, many("good", "benign") + many("bad", "malicious"))

    splits = data.split_rows(links)

    sides = [domains(links, rows) for rows in (splits.train, splits.validation, splits.test)]
    assert all(sides)
    assert sum(map(len, sides)) == len(set.union(*sides)) == 600


def test_the_newest_months_of_a_dated_source_are_not_trained_on(tmp_path: Path) -> None:
    months = [f"2026-{month:02}" for month in range(1, 11)]
    dated = [
        (f"http://site{month}x{number}.test/", "malicious", "", "feed", month)
        for month in months
        for number in range(50)
    ]
    links = read(tmp_path, many("good", "benign") + dated)

    splits = data.split_rows(links)

    assert set(links.months[splits.later].tolist()) == {"2026-10"}
    assert max(links.months[splits.train].tolist()) == "2026-09"


def test_unseen_and_gambling_rows_are_only_tested_on_when_their_domain_is_new(
    tmp_path: Path,
) -> None:
    known = many("good", "benign", count=1000)
    echoes = [(url, "malicious", "phishing", "openphish", "") for url, *_rest in known]
    fresh = many("openphish", "malicious", count=5)
    gambling = [("http://casino.test/", "malicious", "gambling", "lists", "")]
    links = read(tmp_path, known + echoes + fresh + gambling)

    splits: Splits = data.split_rows(links)

    known_domains = domains(links, np.concatenate([splits.train, splits.validation]))
    assert not known_domains & domains(links, splits.unseen)
    assert {links.urls[row] for row in splits.unseen.tolist()} >= {url for url, *_rest in fresh}
    assert [links.urls[row] for row in splits.gambling.tolist()] == ["http://casino.test/"]
    assert "openphish" not in links.sources[splits.train]
    assert splits.known_domain + len(splits.unseen) == len(echoes) + len(fresh)


def test_a_domain_that_several_sources_call_benign_is_always_trained_on(tmp_path: Path) -> None:
    popular = [
        (f"http://known{number}.test/", "benign", "", source, "")
        for number in range(50)
        for source in ("one", "two", "three")
    ]
    abused = [(f"http://known{number}.test/x", "malicious", "", "feed", "") for number in range(50)]
    links = read(tmp_path, many("good", "benign") + popular + abused)

    splits = data.split_rows(links)

    trained_on = {links.urls[row] for row in splits.train.tolist()}
    assert {url for url, *_rest in popular + abused} <= trained_on
    assert splits.popular_malicious == 50


def test_licences_come_from_the_readme(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(
        "| source | label | where | licence | rows |\n|---|---|---|---|---|\n"
        "| ours | benign | here | Apache-2.0 | 3 |\n"
        "| theirs | malicious | there | none stated | 4 |\n"
    )

    assert data.licences(tmp_path) == {"ours": "Apache-2.0", "theirs": "none stated"}
