"""Entities of the graph of what is seen together: numbers, sender names, domains, and texts.

====================  ===================================  ==========================
entity                what                                 key in a `SuspectSet`
====================  ===================================  ==========================
``+8617000000001``    an E.164 number                      its number key
``1069012345``        an access code for texts             its number key
``name:bank``         a sender's name, in lower case       its number key, a hash
``link:evil.test``    a registrable domain, or an address  the host itself
``text:fp1:…``        a text, by its fingerprint           the fingerprint
====================  ===================================  ==========================

Near-duplicates of a text are one entity, see `services.decision.related.scripts`. Customers of a
hosting platform are apart: its domain is a public suffix, see `fanzha.hosts`.
"""

from dataclasses import dataclass
from functools import lru_cache

from fanzha.fingerprint import is_fingerprint
from fanzha.hosts import MAX_HOSTS_CACHED, is_address, registrable
from fanzha.phone import number_text, sender_hash
from fanzha.url import split

NAME = "name:"
LINK = "link:"
TEXT = "text:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """An entity that counts against traffic."""

    entity: str
    confirmed: bool
    """Whether a person or a list entry confirmed it; otherwise it is seen with one that was."""
    related_to: str
    """The confirmed entity that it is seen with; empty for a confirmed one."""
    since_ms: int
    ends_at_ms: int


def party_entity(key: int, name: str = "") -> str:
    """Return the entity of a number key, or of the name behind it; empty for neither."""
    text = number_text(key)
    if text or not name:
        return text
    return NAME + name.casefold()


def link_entity(url: str) -> str:
    """Return the entity of a canonical URL; empty where nobody registered its host."""
    owner = owner_of(split(url)[0])
    return LINK + owner if owner else ""


@lru_cache(MAX_HOSTS_CACHED)
def owner_of(host: str) -> str:
    """Return the registrable domain of a canonical host, or the address that it is."""
    return registrable(host) or (host if is_address(host) else "")


def number_key_of(entity: str) -> int:
    """Return the number key of a number or name; 0 for a link or text."""
    if not is_party(entity):
        return 0
    if entity.startswith(NAME):
        return sender_hash(entity.removeprefix(NAME))
    return int(entity) if entity.startswith("+") else -int(entity)


def host_of(entity: str) -> str:
    """Return the host of a link; empty for any other entity."""
    return entity.removeprefix(LINK) if entity.startswith(LINK) else ""


def text_entity(fingerprint: str) -> str:
    """Return the entity of a text with this written fingerprint; empty where that is none."""
    return TEXT + fingerprint if is_fingerprint(fingerprint) else ""


def fingerprint_of(entity: str) -> str:
    """Return the fingerprint of a text; empty for any other entity."""
    return entity.removeprefix(TEXT) if entity.startswith(TEXT) else ""


def is_party(entity: str) -> bool:
    """Return whether an entity is a number or a sender's name, which only some may see whole."""
    return not entity.startswith((LINK, TEXT))
