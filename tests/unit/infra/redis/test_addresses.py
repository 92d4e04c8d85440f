"""URLs of the store are read whole, or refused without being quoted."""

import pytest

from fanzha.errors import InvalidInput
from infra.redis import addresses
from infra.redis.addresses import ReplicaWait, StoreKind
from infra.redis.client import connect


def test_the_primary_of_sentinels_is_named_with_its_user_and_database() -> None:
    found = addresses.read(
        "rediss+sentinel://li:p%40ss@a.example:26380,[::1]/lists/3?wait_replicas=1"
    )

    assert found.kind is StoreKind.SENTINEL
    assert found.sentinels == (("a.example", 26380), ("::1", 26379))
    assert (found.primary, found.database) == ("lists", 3)
    assert (found.username, found.password, found.tls) == ("li", "p@ss", True)
    assert found.wait == ReplicaWait(replicas=1)


@pytest.mark.parametrize(
    ("url", "kind", "bare"),
    [
        ("redis://h.example:7/1?wait_replicas=2", StoreKind.SERVER, "redis://h.example:7/1"),
        ("rediss+cluster://h.example:7", StoreKind.CLUSTER, "rediss://h.example:7"),
        ("unix:///run/v.sock?db=2&wait_replicas=0", StoreKind.SERVER, "unix:///run/v.sock?db=2"),
        ("redis://:p%2Fw@h.example", StoreKind.SERVER, "redis://:p%2Fw@h.example"),
    ],
)
def test_what_is_ours_in_a_url_is_taken_out(url: str, kind: StoreKind, bare: str) -> None:
    found = addresses.read(url)

    assert (found.kind, found.url) == (kind, bare)


@pytest.mark.parametrize("kind", ["", "+cluster", "+sentinel"])
def test_files_for_tls_are_taken_out_of_every_kind_of_url(kind: str) -> None:
    name = "/lists" if kind == "+sentinel" else ""
    files = "tls_ca=%2Fa%20b.pem&tls_certificate=c.pem&tls_key=k.pem"

    found = addresses.read(f"rediss{kind}://h.example:7{name}?{files}&wait_replicas=1")

    assert dict(found.tls_files) == {
        "ssl_ca_certs": "/a b.pem",
        "ssl_certfile": "c.pem",
        "ssl_keyfile": "k.pem",
    }
    assert "?" not in found.url


def test_a_url_says_where_replicas_have_to_hold_a_write() -> None:
    found = addresses.read("redis://h.example?wait_replicas=2&wait_for=memory&db=1")

    assert found.wait == ReplicaWait(replicas=2, memory=True)
    assert found.url == "redis://h.example?db=1"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://h.example", "must start with one of"),
        ("redis://h.example?wait_replicas=1&wait_for=tape", "disk or memory"),
        ("redis://h.example?wait_for=memory", "from 0 to 10"),
        ("redis://h.example?tls_ca=/ca.pem", "for rediss://"),
        ("rediss://h.example?tls_ca=/a.pem&tls_ca=/b.pem", "one file"),
        ("rediss+cluster://h.example?tls_key=/a.key", "set both or neither"),
        ("redis+sentinel://h.example/lists?sentinel_login=1", "yes or no"),
        ("redis+sentinel://h.example:26379", "name of the primary"),
        ("redis+sentinel://h.example:26379/lists/x", "name of the primary"),
        ("redis+sentinel:///lists", "must name the Sentinels"),
        ("redis+sentinel://h.example:no/lists", "must name the Sentinels"),
        ("redis://h.example?wait_replicas=11", "from 0 to 10"),
        ("redis://h.example?wait_replicas=-1", "from 0 to 10"),
        ("redis://h.example?wait_replicas=1&wait_replicas=1", "from 0 to 10"),
    ],
)
def test_other_urls_are_refused(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        addresses.read(url)


@pytest.mark.parametrize("host", ["h.example:S3cret", "[S3cret", "h\u2100.example:1", "[::1]:x"])
def test_a_refusal_does_not_quote_a_password(host: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        connect(f"redis+sentinel://li:S3cret@{host}/lists")

    assert "S3cret" not in str(refused.value)
