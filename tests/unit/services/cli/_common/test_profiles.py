"""Profiles are kept in one file of the user, and every fault of it is one sentence."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha.errors import InvalidInput, NotFound
from services.cli._common import profiles
from services.cli._common.profiles import Profile, Profiles


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "fanzha" / "profiles.toml"


def test_a_profile_is_there_for_the_next_command(path: Path) -> None:
    profile = Profile(server="fanzha.bureau.example:7362", token_file='a "b"\\c.token')
    Profiles(path).add("province", profile)
    Profiles(path).use("province")

    assert Profiles(path).get("province") == profile
    assert Profiles(path).current == "province"


def test_a_profile_stands_for_variables(path: Path) -> None:
    Profiles(path).add("province", Profile(server="h.example", tls_ca="ca.pem"))

    assert Profiles(path).get("province").variables == {
        "FANZHA_SERVER": "h.example",
        "FANZHA_TLS_CA": "ca.pem",
    }


def test_a_name_may_be_chinese(path: Path) -> None:
    Profiles(path).add("省厅", Profile(server="h.example"))

    assert Profiles(path).names() == ["省厅"]


def test_the_removed_profile_is_no_longer_in_use(path: Path) -> None:
    Profiles(path).add("province", Profile(server="h.example"))
    Profiles(path).use("province")
    Profiles(path).remove("province")

    assert (Profiles(path).names(), Profiles(path).current) == ([], "")


def test_an_unknown_profile_is_not_used(path: Path) -> None:
    with pytest.raises(NotFound, match="there is no profile 'x', and no other: fanzha profile add"):
        Profiles(path).use("x")
    Profiles(path).add("province", Profile(server="h.example"))
    with pytest.raises(NotFound, match="there is no profile 'x'; there are: province"):
        Profiles(path).use("x")


@pytest.mark.parametrize("name", ["", "a b", "a.b", "../x", "x" * 65])
def test_a_name_is_a_word(path: Path, name: str) -> None:
    with pytest.raises(InvalidInput):
        Profiles(path).add(name, Profile(server="h.example"))


@pytest.mark.parametrize(
    "text",
    [
        "current = 3",
        "profiles = 3",
        "[profiles]\nx = 3",
        "[profiles.x]\nserver = 3",
        "[profiles.x]\npassword = 'y'",
        "[",
        "\udcff",
    ],
)
def test_a_file_that_is_none_of_ours_is_one_sentence(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_bytes(text.encode("utf-8", "surrogateescape"))

    with pytest.raises(InvalidInput, match=r"profiles\.toml"):
        Profiles(path)


@given(server=st.text(max_size=30), token_file=st.text(max_size=30))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, server: str,
                                 token_file: str) -> None:  # fmt: skip
    path = tmp_path_factory.getbasetemp() / "written" / "profiles.toml"
    profile = Profile(server=server, token_file=token_file)
    Profiles(path).add("x", profile)

    assert Profiles(path).get("x") == profile


def test_the_file_is_in_the_folder_of_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    assert profiles.file() == tmp_path / "fanzha" / "profiles.toml"
