"""Facts on domains of an operator's file, beside those that gateways send."""

import numpy as np

from fanzha.tables import UNKNOWN_FACT, HostFacts, Links
from services.decision.domain_facts.reader import read_domain_facts
from services.decision.domain_facts.table import NO_DOMAIN_FACTS, DomainFacts

NOW_S = 1_796_083_200
CONTENT = (
    b"domain,registered_on,popularity_rank\nnew.example,2026-11-30,\nknown.example,2001-01-01,40\n"
)


def a_table() -> DomainFacts:
    return read_domain_facts(CONTENT)


def some_links(*urls: str, facts: HostFacts | None = None) -> Links:
    zeros = np.zeros(len(urls), np.int64)
    return Links(urls=urls, subscribers=zeros, requested_at_ms=zeros, errors={}, facts=facts)


def sent(ages: list[int], ranks: list[int]) -> HostFacts:
    seen = np.full(len(ages), UNKNOWN_FACT, np.int64)
    return HostFacts(
        domain_age_days=np.array(ages, np.int64),
        first_seen_days=seen,
        popularity_rank=np.array(ranks, np.int64),
    )


def test_links_of_unknown_domains_stay_as_they_are() -> None:
    links = some_links("http://other.example/", "", "http://203.0.113.7/", "http://example/")

    for table in (a_table(), NO_DOMAIN_FACTS):
        found = table.add_to(links, NOW_S)

        assert found.links is links
        assert (found.sent, found.found) == (0, 0)


def test_what_the_gateway_sends_counts_before_the_file() -> None:
    facts = sent([5, UNKNOWN_FACT, UNKNOWN_FACT], [UNKNOWN_FACT, UNKNOWN_FACT, 3])
    links = some_links("http://new.example/", "http://new.example/x", "http://a.known.example/")
    links = some_links(*links.urls, facts=facts)

    found = a_table().add_to(links, NOW_S)

    assert found.links.facts is not None
    assert found.links.facts.domain_age_days.tolist()[:2] == [5, 1]
    assert found.links.facts.domain_age_days[2] > 9000
    assert found.links.facts.popularity_rank.tolist() == [UNKNOWN_FACT, UNKNOWN_FACT, 3]
    assert (found.sent, found.found) == (2, 2)


def test_what_the_gateway_sent_is_not_written_over() -> None:
    facts = sent([UNKNOWN_FACT], [UNKNOWN_FACT])

    a_table().add_to(some_links("http://known.example/", facts=facts), NOW_S)

    assert facts.popularity_rank.tolist() == [UNKNOWN_FACT]


def test_a_domain_is_the_one_that_can_be_registered() -> None:
    links = some_links("http://new.example.attacker.test/", "http://www.new.example/")

    found = a_table().add_to(links, NOW_S).links.facts

    assert found is not None
    assert found.domain_age_days.tolist() == [UNKNOWN_FACT, 1]
