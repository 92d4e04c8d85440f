"""Addresses of pages, and which addresses a link may lead to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.web.request_scope import RequestScope, set_scope
from services.console.web.urls import changed, is_local_path, url


def test_an_address_has_its_query_without_what_is_empty() -> None:
    assert url("/lists", kind="sms", page="", after=None, all=True) == "/lists?kind=sms&all=1"
    assert url("/lists", tier=["high", "low"]) == "/lists?tier=high&tier=low"
    assert changed("/lists", {"kind": "sms", "page": "2"}, page=None) == "/lists?kind=sms"


def test_parts_of_a_path_cannot_add_a_query_or_leave_it() -> None:
    assert url("/lists/a?b#c") == "/lists/a%3Fb%23c"


async def test_addresses_begin_with_the_prefix_of_a_proxy() -> None:
    set_scope(RequestScope(prefix="/console"))

    assert url("/lists") == "/console/lists"


@pytest.mark.parametrize("path", ["/", "/lists?kind=sms", "/cases/0a7d"])
def test_paths_of_ours_are_local(path: str) -> None:
    assert is_local_path(path)


@given(st.text())
def test_nothing_that_names_another_host_is_local(text: str) -> None:
    for start in ("//", "/\\", "https://", "\\\\", "/\t/", "/\n/"):
        assert not is_local_path(start + text)
