"""Sentences that servers put into answers: why a row was refused, why a change waits.

Servers store and log them in English, with their values filled in, so a finished one is matched
with its template here. One without a template, of a newer server, stays in English.
"""

from fanzha.translation.catalogue import ENGLISH, gettext, language
from fanzha.translation.message import Message
from services.cli._common.typer_words import SentenceTemplates

TEMPLATES = SentenceTemplates(
    (
        # Of the guard.
        "{pattern} is a protected number: nothing may block emergency and service numbers",
        "{pattern} covers a protected number: nothing may block emergency and service numbers",
        "{pattern} reads like a protected number: write the digits if one is meant",
        "the range {pattern} is too broad: at least {text}",
        "{digits} digits after the country code",
        "{digits} digits of a service code",
        "{host} is a government name: nothing may block {government}",
        "{host} names a machine's own network, not a site",
        "{host} is a public suffix: the names below it belong to many",
        # Of carrier policies.
        "it changes no setting in effect",
        "it changes the policy of {carriers}",
        "it reverts a change that a second person approved",
        "there is no decision log",
        "the decision log could not be read",
        # Of rows.
        "names no fraud type: it blocks, but its hits open no case and warn no one",
        "pattern: neither a number, a range, a sender, a host nor a URL: {value}",
        "pattern: not a number: {value}",
        "pattern: not a sender: {value}",
        "pattern: not a range such as +86170*: {value}",
        "pattern: not a URL: {value}",
        "pattern: not a host name or IP address: {value}",
        "pattern: no fingerprint: not one of this edition",
        "pattern: no fingerprint: too short a text for one",
        "expires: already over, or beyond 2106: {value}",
        # Why a change needs a second person, or needs none.
        "the setting second_person is off",
        "authentication is off and second_person is by_identity",
        "its impact is unknown: {text}",
        "it would have decided {events} events otherwise, over {threshold}",
        "it would have reached {parties} parties, over {threshold}",
        "it has ranges: {ranges}",
        "it has allow entries: {entries}",
        "it blocks popular hosts: {hosts}",
        "it hits what many depend on: {risks}",
        "it changes no decision",
        "it would have decided {events} events otherwise and reached {parties} parties, not over "
        "{threshold}; popularity of its hosts unknown",
        "it would have decided {events} events otherwise and reached {parties} parties, not over "
        "{threshold}",
        # Of a preview.
        "the decision log covers {hours} of the last {total} hours",
        "the decision log can say nothing of {count} fingerprints",
        "known contacts: no ends of calls are logged",
        "{count} listed names were not compared with the hosts of this change",
    ),
    nested="text",
)


def translated(text: str) -> str:
    """Return a text of an answer in the language of the user."""
    if language() == ENGLISH:
        return text
    if isinstance(text, Message):
        return text.translated(language())
    return TEMPLATES.translated(gettext(text) if text else text)
