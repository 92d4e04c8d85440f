"""What a gateway's header tells of a domain; what cannot be read counts as unknown."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.http.web_request import WebRequest


def told(header: str, name: str = "x-facts") -> Mapping[str, int]:
    request = WebRequest(
        method="GET", scheme="http", host="shop.example", target="/", headers={"x-facts": header}
    )
    return request.host_facts(name)


@pytest.mark.parametrize(
    ("header", "facts"),
    [
        (
            "domain_age_days=12, popularity_rank=350",
            {"domain_age_days": 12, "popularity_rank": 350},
        ),
        ("first_seen_days=0", {"first_seen_days": 0}),
        ("first_seen_days=3,first_seen_days=5", {"first_seen_days": 5}),
        ("", {}),
        ("domain_age_days=-1, popularity_rank=x, first_seen_days=2", {"first_seen_days": 2}),
        ("domain_age_days=4294967296", {}),
        ("domain_age_days=4294967295", {"domain_age_days": 4294967295}),
        ("url=7, domain_age_days=١٢", {}),
    ],
)
def test_the_facts_of_a_header(header: str, facts: dict[str, int]) -> None:
    assert told(header) == facts


@given(st.text())
def test_any_header_is_read(header: str) -> None:
    assert all(0 <= value < 2**32 for value in told(header).values())


def test_a_header_that_no_setting_names_is_not_read() -> None:
    assert told("first_seen_days=0", name="") == {}
