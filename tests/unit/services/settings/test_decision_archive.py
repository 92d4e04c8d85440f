import pytest

from services.decision_log.archive import wiring
from services.settings.settings import Settings


def settings(endpoint: str) -> Settings:
    return Settings(decision_log_archive_bucket="decisions", decision_log_archive_endpoint=endpoint)


@pytest.mark.parametrize(
    "endpoint",
    ["http://objects.example", "http://192.0.2.7:9000", "http://localhost.example", "http://[::]"],
)
def test_the_archive_is_reached_by_https_beyond_loopback(endpoint: str) -> None:
    with pytest.raises(ValueError, match="decision_log_archive_endpoint"):
        settings(endpoint)


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "https://objects.example",
        "http://127.0.0.1:9000",
        "http://localhost",
        "http://[::1]:9000/",
    ],
)
def test_other_endpoints_are_taken(endpoint: str) -> None:
    assert settings(endpoint).decision_log_archive_endpoint == endpoint


@pytest.mark.parametrize("endpoint", ["ftp://objects.example", "https://me:secret@objects.example"])
def test_an_endpoint_of_another_form_is_refused(endpoint: str) -> None:
    with pytest.raises(ValueError, match="decision_log_archive_endpoint"):
        settings(endpoint)


def test_without_a_bucket_nothing_is_archived() -> None:
    assert wiring.follower(Settings(), now_ms=lambda: 1) is None
