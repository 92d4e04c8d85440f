"""The operator's file of facts on domains."""

import io
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha.errors import InvalidConfiguration
from fanzha.tables import UNKNOWN_FACT, HostFacts, Links
from services.decision.domain_facts.reader import MAX_DOMAINS, read_domain_facts
from services.decision.domain_facts.table import DomainFacts

HEADING = b"domain,registered_on,first_seen_on,popularity_rank\n"
NOW_S = 1_796_083_200
"""1 December 2026, midnight, UTC."""


def facts_of(table: DomainFacts, url: str) -> tuple[int, int, int] | None:
    found = table.add_to(some_links(url), NOW_S).links.facts
    if found is None:
        return None
    return (
        int(found.domain_age_days[0]),
        int(found.first_seen_days[0]),
        int(found.popularity_rank[0]),
    )


def some_links(*urls: str, facts: HostFacts | None = None) -> Links:
    zeros = np.zeros(len(urls), np.int64)
    return Links(urls=urls, subscribers=zeros, requested_at_ms=zeros, errors={}, facts=facts)


def test_dates_become_days_of_the_time_a_link_is_asked_for() -> None:
    table = read_domain_facts(HEADING + b"shop.example,2026-11-28,2026-12-01,\n")

    assert facts_of(table, "http://www.shop.example/pay") == (3, 0, UNKNOWN_FACT)
    later = table.add_to(some_links("http://shop.example/"), NOW_S + 2 * 86_400).links.facts
    assert later is not None
    assert later.domain_age_days.tolist() == [5]


def test_a_domain_of_the_future_was_registered_today() -> None:
    table = read_domain_facts(b"domain,registered_on\nshop.example,2027-01-01\n")

    assert facts_of(table, "http://shop.example/") == (0, UNKNOWN_FACT, UNKNOWN_FACT)


def test_any_of_the_columns_will_do_in_any_order() -> None:
    table = read_domain_facts(b"\xef\xbb\xbfpopularity_rank,domain\r\n7,bank.example\r\n")

    assert facts_of(table, "http://login.bank.example/") == (UNKNOWN_FACT, UNKNOWN_FACT, 7)


@pytest.mark.parametrize("name", ["Shop.EXAMPLE.", "  shop.example ", "SHOP.example"])
def test_domains_are_read_in_any_spelling(name: str) -> None:
    table = read_domain_facts(f"domain,popularity_rank\n{name},9\n".encode())

    assert facts_of(table, "http://shop.example/") == (UNKNOWN_FACT, UNKNOWN_FACT, 9)


def test_international_domains_are_read_in_letters_and_in_punycode() -> None:
    table = read_domain_facts(
        "domain,popularity_rank\n例子.example,9\nxn--p1b.example,8\n".encode()
    )

    assert facts_of(table, "http://xn--fsqu00a.example/") == (UNKNOWN_FACT, UNKNOWN_FACT, 9)


def test_parquet_has_the_same_columns_with_types_of_their_own() -> None:
    content = io.BytesIO()
    columns = {
        "domain": ["a.example", "b.example"],
        "registered_on": [date(2026, 11, 1), None],
        "popularity_rank": pa.array([None, 12.0]),
    }
    pa.parquet.write_table(pa.table(columns), content)

    table = read_domain_facts(content.getvalue())

    assert facts_of(table, "http://a.example/") == (30, UNKNOWN_FACT, UNKNOWN_FACT)
    assert facts_of(table, "http://b.example/") == (UNKNOWN_FACT, UNKNOWN_FACT, 12)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (b"a.example,,,\nno domain!,,,\n", "line 3: domain 'no domain!'"),
        (b"a.example,,,\nexample,,,\n", "line 3: domain 'example'"),
        (b",,,\n", "line 2: domain ''"),
        (b"203.0.113.7,,,\n", "line 2: domain '203.0.113.7'"),
        (b"a.example,2026-02-30,,\n", "line 2: registered_on '2026-02-30'"),
        (b"a.example,,,\nb.example,,30.11.2026,\n", "line 3: first_seen_on '30.11.2026'"),
        (b"a.example,,,5\nb.example,,,0\n", "line 3: popularity_rank '0'"),
        (b"a.example,,,1e3\n", "line 2: popularity_rank '1e3'"),
        (
            b"a.example,,,\nb.example,,,\nA.example.,,,\n",
            "line 4: domain 'a.example.': in line 2, too",
        ),
        (b"a.example,,,\nb.example,\n", "Row #3: Expected 4 columns, got 2"),
        (b"a.example,,,\n\nb.example,,,\n", "line 3: domain ''"),
    ],
)
def test_the_line_of_what_is_wrong_is_named(rows: bytes, said: str) -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        read_domain_facts(HEADING + rows)

    assert said.lower() in str(refused.value).lower()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"domain\na.example\n",
        b"host,popularity_rank\na.example,1\n",
        b"domain,popularity_rank,note\na.example,1,x\n",
        b"domain,domain,popularity_rank\na.example,b.example,1\n",
        b"PAR1 and nothing else",
        b"domain,popularity_rank\n\xff\xfe.example,1\n",
    ],
)
def test_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(InvalidConfiguration):
        read_domain_facts(content)


def test_a_table_beyond_what_workers_hold_is_refused() -> None:
    content = io.BytesIO()
    names = pa.array(["a.example"]).take(pa.array(np.zeros(MAX_DOMAINS + 1, np.int32)))
    pa.parquet.write_table(pa.table({"domain": names, "popularity_rank": names}), content)

    with pytest.raises(InvalidConfiguration, match="5,000,001 domains"):
        read_domain_facts(content.getvalue())


@given(st.binary(max_size=300))
def test_no_file_does_more_than_be_refused(content: bytes) -> None:
    for data in (content, HEADING + content, b"PAR1" + content):
        try:
            read_domain_facts(data)
        except InvalidConfiguration:
            continue
