import pytest
from pydantic import ValidationError

from fanzha.errors import InvalidInput
from infra import url_secrets
from infra.redis.client import connect
from services.settings.settings import Settings

URLS = [
    "redis://:S3cret@db.example:6379/0",
    "redis://fanzha:S3cret@db.example:6379/0",
    "rediss+cluster://fanzha:S3cret@db.example",
    "redis://:S3cret/with#odd?S3cret@S3cret@db.example:6379",
    "unix:///run/db.sock?db=1&password=S3cret",
]


@pytest.mark.parametrize("url", URLS)
def test_a_password_is_found_and_hidden(url: str) -> None:
    text = url_secrets.hidden(f"cannot connect to {url}, 'twice': '{url}'")

    assert url_secrets.has_password(url)
    assert "S3cret" not in text
    assert text.startswith("cannot connect to ")
    assert text.count("***") == 2


@pytest.mark.parametrize(
    "url", ["redis://127.0.0.1:6379/0", "unix:///run/db.sock?db=1", "redis://fanzha@db.example", ""]
)
def test_other_urls_have_none(url: str) -> None:
    assert not url_secrets.has_password(url)


@pytest.mark.parametrize("text", ["a@b.example", "see https://a.example/x?y=1", "12:30 @ noon"])
def test_other_texts_stay(text: str) -> None:
    assert url_secrets.hidden(text) == text


def test_a_url_that_cannot_be_read_is_not_quoted() -> None:
    with pytest.raises(InvalidInput, match="cannot be read") as caught:
        connect("redis://:S3cret/x@127.0.0.1:1")

    assert caught.value.__suppress_context__
    assert "S3" not in str(caught.value)


def test_no_settings_error_reveals_the_password() -> None:
    with pytest.raises(ValidationError, match="cannot be read") as caught:
        Settings(redis_url="redis://:S3cret/x@127.0.0.1:1")

    assert "S3" not in caught.value.errors()[0]["msg"]
