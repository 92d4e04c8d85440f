"""Texts are in the language that the environment asks for, or in English."""

import pickle

import pytest

from fanzha.errors import InvalidInput, VersionConflict
from fanzha.translation import catalogue
from fanzha.translation.message import Message, localized


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_TW"}, "zh"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "zhuang"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_CN"}, "zh"),
        ({"LC_ALL": "", "LANG": "zh_CN"}, "zh"),
        ({"FANZHA_LANGUAGE": "en", "LC_ALL": "zh_CN.UTF-8"}, "en"),
        ({"FANZHA_LANGUAGE": "zh-Hans", "LC_ALL": "C"}, "zh"),
        ({"FANZHA_LANGUAGE": "fr", "LANG": "zh_CN"}, "zh"),
    ],
)
def test_environment_chooses_the_language(environment: dict[str, str], language: str) -> None:
    assert catalogue.language_of(environment) == language


def test_a_text_without_values_is_taken_as_it_is() -> None:
    assert catalogue.gettext("no {place} here") == "no {place} here"


def test_values_are_put_into_their_places_and_not_read_as_texts() -> None:
    assert (
        catalogue.gettext("a {name}: {count:,}", name="{count}", count=1234) == "a {count}: 1,234"
    )


def test_an_unknown_text_stays_in_english() -> None:
    assert catalogue.translated("never {said}", {"said": 1}, "zh") == "never 1"


def test_an_unknown_language_cannot_be_used() -> None:
    with pytest.raises(ValueError, match="'fr' is none of en, zh"):
        catalogue.use("fr")


def test_an_error_reads_in_english_and_translates() -> None:
    error = InvalidInput("page_token: not one that was given out")

    assert str(error) == "page_token: not one that was given out"
    assert error.translated("zh") == "page_token：不是已签发的分页令牌"
    assert error.translated("en") == str(error)


def test_an_error_inside_an_error_is_translated_with_it() -> None:
    inner = InvalidInput("documents: required")
    error = InvalidInput("Invalid value: {message}", message=inner)

    assert str(error) == "Invalid value: documents: required"
    assert error.translated("zh") == "值无效：须提交材料"


def test_a_message_of_an_error_without_values_may_have_braces() -> None:
    assert str(InvalidInput("data: {'a': 1}")) == "data: {'a': 1}"


def test_an_error_survives_being_sent_to_another_process() -> None:
    sent = pickle.loads(pickle.dumps(InvalidInput("Missing option {hint}.", hint="--by")))  # noqa: S301

    assert sent.translated("zh") == "缺少选项 --by。"


def test_a_conflict_names_both_versions_in_either_language() -> None:
    error = VersionConflict.between("base_version", "the lists are", expected=3, actual=4)

    assert str(error) == "base_version: the lists are at 4, not 3"
    assert "4，而不是 3" in error.translated("zh")


def test_a_message_is_its_english_text_and_translates() -> None:
    message = Message("Missing option {hint}.", hint="--by")

    assert message == "Missing option --by."
    assert localized(message, "zh") == "缺少选项 --by。"
    assert localized("Missing option --by.", "zh") == "Missing option --by."
