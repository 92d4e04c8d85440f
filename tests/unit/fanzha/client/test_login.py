"""What a client shows to servers, and to which of them it shows nothing."""

from pathlib import Path

import pytest

from fanzha.client.login import RELOAD_SECONDS, Bearer, Login, LoginError, is_local


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_credentials_are_read_from_the_environment() -> None:
    variables = {
        "FANZHA_TOKEN_FILE": "token",
        "FANZHA_TLS_CA": "ca.pem",
        "FANZHA_TLS_CLIENT_CERTIFICATE": "me.pem",
        "FANZHA_TLS_CLIENT_KEY": "me.key",
        "FANZHA_TLS_KEY": "the server's",
    }

    login = Login.from_environment(variables)

    assert login == Login(token_file="token", ca="ca.pem", certificate="me.pem", key="me.key")
    assert login.encrypted


def test_an_empty_environment_gives_no_credentials_and_no_tls() -> None:
    login = Login.from_environment({})

    assert login.credentials() is None
    assert login.bearer("10.0.0.1:7361", encrypted=False) is None


def test_a_token_comes_from_one_place() -> None:
    with pytest.raises(LoginError, match="not both"):
        Login(token="a", token_file="b")


def test_a_certificate_needs_its_key() -> None:
    with pytest.raises(LoginError, match="both are needed"):
        Login(certificate="me.pem")


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(LoginError, match=r"nowhere\.pem: No such file"):
        Login(ca="nowhere.pem").credentials()
    with pytest.raises(LoginError, match="nowhere: No such file"):
        Login(token_file="nowhere").bearer("localhost:1", encrypted=False)


@pytest.mark.parametrize(
    ("target", "local"),
    [
        ("127.0.0.1:7361", True),
        ("127.8.9.1:7361", True),
        ("[::1]:7361", True),
        ("localhost:7361", True),
        ("ipv4:127.0.0.1:7361", True),
        ("dns:///localhost:7361", True),
        ("unix:/run/fanzha.sock", True),
        ("10.0.0.1:7361", False),
        ("0.0.0.0:7361", False),
        ("[2001:db8::1]:7361", False),
        ("fanzha.example:7361", False),
        ("localhost.example:7361", False),
        ("127.0.0.1.example:7361", False),
        ("ipv4:127.0.0.1:7361,10.0.0.1:7361", False),
        ("xds:///localhost", False),
        ("", False),
    ],
)
def test_without_tls_a_token_stays_on_this_machine(target: str, local: bool) -> None:
    login = Login(token="secret")

    assert is_local(target) is local
    if local:
        assert login.bearer(target, encrypted=False)
    else:
        with pytest.raises(LoginError, match="the token is not sent"):
            login.bearer(target, encrypted=False)
    assert login.bearer(target, encrypted=True)


def test_a_token_is_sent_as_bearer() -> None:
    assert Bearer(Login(token="a.b.c")).metadata() == (("authorization", "Bearer a.b.c"),)


def test_a_token_file_is_reloaded_when_it_changes(tmp_path: Path) -> None:
    file, clock = tmp_path / "token", Clock()
    file.write_text("first\n")
    bearer = Bearer(Login(token_file=str(file)), clock)
    assert bearer.metadata() == (("authorization", "Bearer first"),)

    beside = tmp_path / "new"
    beside.write_text("second\n")
    beside.replace(file)
    assert bearer.metadata() == (("authorization", "Bearer first"),)
    clock.now += RELOAD_SECONDS

    assert bearer.metadata() == (("authorization", "Bearer second"),)


def test_a_removed_token_file_leaves_the_last_token(tmp_path: Path) -> None:
    file, clock = tmp_path / "token", Clock()
    file.write_text("first")
    bearer = Bearer(Login(token_file=str(file)), clock)
    file.unlink()
    clock.now += RELOAD_SECONDS

    assert bearer.metadata() == (("authorization", "Bearer first"),)


@pytest.mark.parametrize("token", ["例.中国", "a\nb", "a\x00", "\udce9"])
def test_a_token_that_cannot_be_sent_is_refused(token: str, tmp_path: Path) -> None:
    with pytest.raises(LoginError, match="only letters, digits and signs"):
        Login(token=token)
    (tmp_path / "token").write_bytes(token.encode(errors="surrogateescape"))
    with pytest.raises(LoginError, match="is no token"):
        Bearer(Login(token_file=str(tmp_path / "token")))
