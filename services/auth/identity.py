"""The identity of the caller: a name, roles, and a scope of regions and list sources.

The RPC layer authenticates the caller and calls `set_identity`; code below reads `current`. Where
authentication is off, the RPC layer sets `DEVELOPER`, whose callers give their own names. A task
without an identity may do nothing.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, TypeAlias

from fanzha.errors import Unauthenticated
from infra import text_limits
from infra.text_limits import CharacterSet, TextLimit

if TYPE_CHECKING:
    from blocklists.entries import Source  # imports numpy, which commands on identities need not

NAME = TextLimit(max_characters=200, characters=CharacterSet.PRINTABLE)
"""Name of a person; invisible characters would let one person pass for two."""
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_BLANK = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
) | frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
"""Invisible letters and marks: joiners, fillers, variation selectors."""


class Role(StrEnum):
    """What an identity may do."""

    CARRIER = "carrier"
    """Request decisions; report hits and ends of calls."""
    EDITOR = "editor"
    """Propose changes to the lists; apply those that need no second person."""
    APPROVER = "approver"
    """Approve or reject what others proposed."""
    AUDITOR = "auditor"
    """Read everything, change nothing."""
    APPEALS_OFFICER = "appeals_officer"
    """Take and decide appeals."""
    OPERATOR = "operator"
    """Activate models; read the state of workers."""
    SOURCE = "source"
    """Submit warnings about people at risk; read their outcome."""
    DISPATCHER = "dispatcher"
    """Take, annotate and close the cases of their region."""
    PARTNER = "partner"
    """Ask how much is known against a number: banks and payment firms."""


class Credential(StrEnum):
    """How the caller was authenticated."""

    NONE = "none"
    TOKEN = "token"  # noqa: S105 - a word, not a secret
    CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A caller."""

    name: str
    roles: frozenset[Role]
    regions: frozenset[str] = frozenset()
    """Region codes in scope; empty means all."""
    sources: "frozenset[Source]" = frozenset()
    """List sources it may change; empty means all."""
    carrier: str = ""
    """The carrier whose policy applies to its requests, such as ``cmcc``; empty: none named."""
    development: bool = False
    """Whether authentication is off, so that the name is unverified."""
    credential: Credential = Credential.NONE
    """How it was authenticated."""
    expires_s: float = 0.0
    """Unix time at which the credential expires; 0 means never."""


SecondPersonRule: TypeAlias = Literal["by_identity", "always", "off"]
"""When a second person has to approve a change: with authentication, also without it, or never."""

DEVELOPER = Identity(name="developer", roles=frozenset(Role), development=True)
"""Identity of every caller, and of background work, when authentication is off."""
ANONYMOUS = Identity(name="anonymous", roles=frozenset())
"""Identity of callers of methods that need no authentication, such as health checks."""

BACKGROUND = Identity(name="fanzha", roles=frozenset(Role))
"""Identity of background work when authentication is on."""

# No default: a task that never set its identity must not act with all roles.
_current: ContextVar[Identity] = ContextVar("identity")


def current() -> Identity:
    """Return the identity of this task; raise `Unauthenticated` when none was set."""
    try:
        return _current.get()
    except LookupError:
        raise Unauthenticated("identity: none set for this task") from None


def set_identity(identity: Identity) -> None:
    """Set the identity for the rest of this task; each gRPC request is a task of its own."""
    _current.set(identity)


@contextmanager
def acting_as(identity: Identity) -> Iterator[None]:
    """Set the identity until the context ends."""
    before = _current.set(identity)
    try:
        yield
    finally:
        _current.reset(before)


def author(claimed: str, field: str = "name") -> str:
    """Return the name to record: the authenticated one; without authentication, *claimed*.

    Raise `InvalidInput` for a claimed name of *field* that exceeds `NAME`.
    """
    who = current()
    if not (who.development and claimed):
        return who.name
    return text_limits.required(field, claimed, NAME)


def same_person(name: str, others: Iterable[str]) -> bool:
    """Return whether *name* equals one of *others* after normalization.

    Width, case and invisible characters are ignored. Look-alike letters of other scripts are
    not: whoever issues names has to prevent those.
    """
    return _person(name) in set(map(_person, others))


def second_person_needed(rule: SecondPersonRule) -> bool:
    """Return whether *rule* lets nobody approve what they propose in this task themselves."""
    return rule == "always" or (rule == "by_identity" and not current().development)


def _person(name: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    seen = "".join(one for one in folded if one.isspace() or not _is_invisible(one))
    return " ".join(seen.split())


def _is_invisible(character: str) -> bool:
    return character in _BLANK or unicodedata.category(character) in _INVISIBLE
