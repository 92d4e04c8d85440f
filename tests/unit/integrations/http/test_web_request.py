import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.http.web_request import MAX_URL_CHARACTERS, WebRequest


def request(method: str = "GET", target: str = "/", **headers: str) -> WebRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return WebRequest(
        method=method, scheme="https", host="shop.example", target=target, headers=named
    )


@pytest.mark.parametrize(
    ("method", "target", "url"),
    [
        ("GET", "/a?b=c", "https://shop.example/a?b=c"),
        ("GET", "http://other.example/a", "http://other.example/a"),
        ("GET", "/go?to=http://other.example/", "https://shop.example/go?to=http://other.example/"),
        ("CONNECT", "shop.example:443", "https://shop.example:443/"),
        ("OPTIONS", "*", "https://shop.example/*"),
    ],
)
def test_the_url_of_each_form_of_target(method: str, target: str, url: str) -> None:
    assert request(method, target).url == url


@given(st.text(max_size=20_000))
def test_a_url_is_never_longer_than_is_read(target: str) -> None:
    assert len(request(target=target).url) <= MAX_URL_CHARACTERS


@pytest.mark.parametrize(
    ("method", "headers", "is_page_load"),
    [
        ("GET", {"accept": "text/html,*/*"}, True),
        ("GET", {}, True),
        ("GET", {"accept": "application/json"}, False),
        ("GET", {"sec_fetch_mode": "cors"}, False),
        ("POST", {"accept": "text/html"}, False),
    ],
)
def test_only_what_a_person_looks_at_is_a_page_load(
    method: str, headers: dict[str, str], *, is_page_load: bool
) -> None:
    assert request(method, **headers).is_page_load is is_page_load


def test_a_subscriber_is_named_by_the_configured_header_only() -> None:
    asked = request(x_subscriber="+8617000000001")

    assert asked.subscriber("x-subscriber") == "+8617000000001"
    assert asked.subscriber("") == ""
