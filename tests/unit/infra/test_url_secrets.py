import pytest

from infra import url_secrets

URLS = [
    "redis://:S3cret@db.example:6379/0",
    "redis://fanzha:S3cret@db.example:6379/0",
    "rediss+cluster://fanzha:S3cret@db.example",
    "redis://:S3cret/with#odd?S3cret@S3cret@db.example:6379",
    "unix:///run/db.sock?db=1&password=S3cret",
]


@pytest.mark.parametrize("url", URLS)
def test_a_password_is_found_and_hidden(url: str) -> None:
    told = url_secrets.hidden(f"cannot connect to {url}, 'twice': '{url}'")

    assert url_secrets.has_password(url)
    assert "S3cret" not in told
    assert told.startswith("cannot connect to ")
    assert told.count("***") == 2


@pytest.mark.parametrize(
    "url", ["redis://127.0.0.1:6379/0", "unix:///run/db.sock?db=1", "redis://fanzha@db.example", ""]
)
def test_other_urls_have_none(url: str) -> None:
    assert not url_secrets.has_password(url)


@pytest.mark.parametrize("text", ["a@b.example", "see https://a.example/x?y=1", "12:30 @ noon"])
def test_other_texts_stay(text: str) -> None:
    assert url_secrets.hidden(text) == text
