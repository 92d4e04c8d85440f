"""Names that go on record, and which of them are of one person."""

import pytest

from fanzha.errors import InvalidInput, NotAllowed
from services.auth import identity
from services.changes import permissions
from services.changes.model import ChangeKind, ChangeRequest, ChangeState


@pytest.mark.parametrize(
    "name",
    [
        "li",
        "Li",
        " li ",
        "ｌｉ",
        "ＬＩ",
        "l\u200bi",
        "li\u200d",
        "\ufeffli",
        "l\u00adi",
        "l\u2060i",
        "li\ufe0f",
        "\u202eli\u202c",
        "\u2066li\u2069",
        "li\u3164",
        "l\u034fi",
        "li\U000e0101",
        "l\x1bi",
    ],
)
def test_spellings_of_one_name_are_the_same_person(name: str) -> None:
    assert identity.same_person(name, ["wang", "li"])
    assert identity.same_person("li", [name])


@pytest.mark.parametrize("name", ["wang", "l i", "lí", "lі", "ⅼj", ""])
def test_different_names_are_different_people(name: str) -> None:
    # The fourth is written with a Cyrillic letter: who gives out names has to see to that.
    assert not identity.same_person(name, ["li"])


@pytest.mark.parametrize("name", ["李  雷", "李\u3000雷", " 李 雷"])
def test_spaces_are_one_space(name: str) -> None:
    assert identity.same_person(name, ["李 雷"])


@pytest.mark.parametrize("name", ["l\x1b[31mi", "li\x00", "l\u200bi", "\u202eli", "li\x9b", "a\nb"])
def test_an_invisible_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="name: has control or invisible"):
        identity.author(name)


def test_a_name_is_recorded_verbatim() -> None:
    assert identity.author("ｌｉ") == "ｌｉ"
    assert identity.author("") == "developer"


@pytest.mark.parametrize("name", ["ｌｉ", "l\u200bi"])
def test_another_spelling_does_not_allow_approving_ones_own_change(name: str) -> None:
    record = ChangeRequest(
        id=1,
        kind=ChangeKind.NORMAL,
        state=ChangeState.PENDING,
        nonce="n",
        author="li",
        reason="",
        base_version=0,
        created_ms=0,
    )

    with pytest.raises(NotAllowed, match="second person"):
        permissions.check_may_decide(record, name)
