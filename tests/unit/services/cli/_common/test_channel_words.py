"""Channels and models have one word each; what carriers' staff and folders call them is read."""

import pytest
import typer
from typer.testing import CliRunner

from services.__main__ import app
from services.cli._common import channel_words
from services.cli._common.channel_words import ChannelWord, ContentModelWord, ModelWord
from services.decision.model_kinds import ModelKind
from tests.unit.services.cli._common.test_command_help import parsed


@pytest.mark.parametrize(
    ("word", "model"),
    [
        ("text", ModelWord.TEXT),
        ("sms", ModelWord.TEXT),
        ("URL", ModelWord.LINK),
        ("caller", ModelWord.CALL),
        ("moment", ModelWord.VELOCITY),
    ],
)
def test_other_words_are_read(word: str, model: ModelWord) -> None:
    assert channel_words.reader(ModelWord)(word) is model


@pytest.mark.parametrize("words", [ChannelWord, ModelWord, ContentModelWord])
@pytest.mark.parametrize("word", ["", "foo", "velocity\n", "t", "全部", "x" * 5000])
def test_a_word_that_is_none_is_a_usage_error(
    words: type[ChannelWord | ModelWord | ContentModelWord], word: str
) -> None:
    if word.strip() in set(words):
        return
    with pytest.raises(typer.BadParameter, match="is none of"):
        channel_words.reader(words)(word)


def test_commands_and_the_service_have_the_same_words_in_the_same_order() -> None:
    assert list(map(str, ModelWord)) == list(map(str, ModelKind))


def test_no_other_word_is_a_word_of_its_own() -> None:
    assert not channel_words.ALIASES.keys() & set(ModelWord)
    assert set(channel_words.ALIASES.values()) == set(ModelWord)


@pytest.mark.parametrize(
    ("line", "name", "word"),
    [
        ("models activate sms 4", "kind", "text"),
        ("models shadow url off", "kind", "link"),
        ("models rollback moment", "kind", "velocity"),
        ("train caller --out x", "channel", "call"),
        ("warnings examples export x.csv --for sms", "model", "text"),
        ("warnings examples export x.csv", "model", "any"),
    ],
)
def test_commands_read_other_words_and_go_on_with_their_own(
    line: str, name: str, word: str
) -> None:
    assert parsed(line).params[name] == word


def test_help_shows_one_word_for_each_channel() -> None:
    def shown(*words: str) -> str:
        return CliRunner().invoke(app, [*words, "--help"]).stdout

    assert "<call|text|link>" in shown("eval")
    assert "<call|text|link|velocity>" in shown("train")
    assert "<call|text|link|velocity>" in shown("models", "activate")
