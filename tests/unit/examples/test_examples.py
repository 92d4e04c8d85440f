"""The example traffic can be read, and touches nobody who exists."""

import csv
import re
from collections.abc import Iterator

import pytest

from fanzha import url
from fanzha.links import find_links
from fanzha.phone import UNREADABLE, HomePlan
from tests.support.checkout import CHECKOUT

EXAMPLES = CHECKOUT / "examples"
HOME = HomePlan()
# 170 0000 0xxx and 199 0000 0xxx are ours to play with; so are the last digits of the landlines.
# 555-01xx and 020 7946 0xxx are set aside for fiction by NANPA and Ofcom.
INVENTED = re.compile(
    r"\+86(1700000|1990000|1055550|2155550)\d+|\+1202555\d{4}|\+442079460\d{3}"
    r"|\+8617000|\+869990000000000|\+99912345678|\+861001234|\+86(110|96110|95588)"
)
RESERVED_HOSTS = re.compile(r"(.*\.)?(example|test)|203\.0\.113\.\d+|198\.51\.100\.\d+")


def rows(name: str) -> Iterator[dict[str, str]]:
    with (EXAMPLES / name).open(encoding="utf-8", newline="") as file:
        if name.endswith(".tsv"):
            header, *lines = file.read().rstrip("\n").split("\n")
            for line in lines:
                yield dict(zip(header.split("\t"), line.split("\t"), strict=True))
        else:
            yield from csv.DictReader(file, strict=True)


def parties() -> Iterator[str]:
    for row in rows("calls.csv"):
        yield from (row["caller"], row["callee"])
    for row in rows("texts.tsv"):
        yield from (row["sender"], row["receiver"])


@pytest.mark.parametrize(
    ("name", "least", "labels"),
    [
        ("calls.csv", 100, {"ham", "fraud"}),
        ("texts.tsv", 140, {"ham", "spam", "fraud"}),
        ("links.csv", 90, {"benign", "malicious"}),
    ],
)
def test_there_is_enough_of_every_kind(name: str, least: int, labels: set[str]) -> None:
    found = list(rows(name))

    assert len(found) >= least
    assert {row["label"] for row in found} == labels
    assert {row["source"] for row in found} == {"examples"}


def test_every_number_is_invented_or_a_public_service() -> None:
    keys = [(text, HOME.number_key(text)) for text in parties()]

    numbers = [f"+{key}" for _, key in keys if key > 0]
    assert len(numbers) > 300
    assert [number for number in numbers if not INVENTED.fullmatch(number)] == []


def test_exactly_two_calls_are_unreadable_on_purpose() -> None:
    unreadable = [
        row["id"]
        for row in rows("calls.csv")
        if UNREADABLE in (HOME.sender_key(row["caller"]), HOME.number_key(row["callee"]))
    ]

    assert len(unreadable) == 2


def test_fraud_examples_use_reserved_names() -> None:
    urls = [row["url"] for row in rows("links.csv") if row["label"] == "malicious"]
    for row in rows("texts.tsv"):
        urls += find_links(row["text"])

    hosts = {url.split(url.canonical(link))[0] for link in urls}
    assert len(hosts) > 30
    assert [host for host in hosts if not RESERVED_HOSTS.fullmatch(host)] == []


def test_all_ten_types_of_fraud_are_there_in_two_languages() -> None:
    frauds = [row for row in rows("texts.tsv") if row["label"] == "fraud"]

    for language in ("zh", "en"):
        assert len({row["category"] for row in frauds if row["lang"] == language}) == 10
