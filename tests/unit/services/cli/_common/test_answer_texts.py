"""Finished sentences are translated by the template that they came from."""

from fanzha.translation.message import Message
from services.cli._common import answer_texts, typer_words
from services.cli._common.typer_words import SentenceTemplates


def test_a_sentence_inside_a_sentence_is_translated_too() -> None:
    templates = SentenceTemplates(("outer: {text}", "inner {name}"), nested="text")

    assert templates.translated("outer: inner x") == "outer: inner x"
    assert templates.translated("neither") == "neither"


def test_english_is_passed_on() -> None:
    assert answer_texts.translated("it changes no decision") == "it changes no decision"
    assert answer_texts.translated(Message("has {short}", short="x")) == "has x"


def test_no_template_is_twice() -> None:
    every = (*answer_texts.TEMPLATES.templates, *typer_words.TEMPLATES.templates)

    assert len(set(every)) == len(every)
