"""Who asks: a name, roles, and the regions and list sources they reach.

The edge finds out who asks and says so with `set_identity`; what runs below asks `current`. Without
identities in the settings everybody is `DEVELOPER`, and says their own name: the edge has to say
that, too. Where nobody has said anything, nobody may do anything.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum

from blocklists.entries import Source
from fanzha.errors import InvalidInput, Unauthenticated

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_BLANK = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
) | frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
"""Letters and marks that show nothing: joiners, fillers, variation selectors."""


class Role(StrEnum):
    """What somebody may do."""

    CARRIER = "carrier"
    """Ask for decisions, report hits and ends of calls."""
    EDITOR = "editor"
    """Propose changes to the lists; apply those that need no second person."""
    APPROVER = "approver"
    """Approve or reject what others proposed."""
    AUDITOR = "auditor"
    """Read everything, change nothing."""
    APPEALS_OFFICER = "appeals_officer"
    """Take and decide appeals."""
    OPERATOR = "operator"
    """Switch models, look at the state of workers."""
    SOURCE = "source"
    """Send in warnings about people at risk, and follow what became of them."""
    DISPATCHER = "dispatcher"
    """Work on the cases of their region: take, note, close."""


class Credential(StrEnum):
    """How somebody showed who they are."""

    NONE = "none"
    TOKEN = "token"  # noqa: S105 - a word, not a secret
    CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Somebody who asks."""

    name: str
    roles: frozenset[Role]
    regions: frozenset[str] = frozenset()
    """Region codes they reach; empty: all."""
    sources: frozenset[Source] = frozenset()
    """List sources they may change; empty: all."""
    development: bool = False
    """Whether nobody checked who it is."""
    credential: Credential = Credential.NONE
    """What they showed."""
    expires_s: float = 0.0
    """When that ends, in Unix time; 0: never."""


DEVELOPER = Identity(name="developer", roles=frozenset(Role), development=True)
"""Who asks, and who acts in the background, where nobody is asked who they are."""
NOBODY = Identity(name="nobody", roles=frozenset())
"""Who calls a method that is open to anybody, where identities are asked for elsewhere."""

SERVICE = Identity(name="fanzha", roles=frozenset(Role))
"""Who acts in the background of a service that asks who asks: nobody asked for it."""

# Without a default: code that forgot to say who asks must not act with all roles.
_current: ContextVar[Identity] = ContextVar("identity")


def current() -> Identity:
    """Return who asks in this task; raise `Unauthenticated` where nobody has said so."""
    try:
        return _current.get()
    except LookupError:
        raise Unauthenticated("nobody knows who asks: this task has no identity") from None


def set_identity(identity: Identity) -> None:
    """Let *identity* be who asks for the rest of this task: gRPC gives each request its own."""
    _current.set(identity)


@contextmanager
def acting(identity: Identity) -> Iterator[None]:
    """Let *identity* be who asks, until the context ends."""
    before = _current.set(identity)
    try:
        yield
    finally:
        _current.reset(before)


def author(said: str) -> str:
    """Return the name that goes on record: the checked one, or in development what was *said*.

    Raises `InvalidInput` for a name with characters that nobody can see, or that control a
    terminal.
    """
    who = current()
    if not (who.development and said):
        return who.name
    if not said.strip().isprintable():
        raise InvalidInput("name: has control or invisible characters")
    return said


def same_person(name: str, others: Iterable[str]) -> bool:
    """Tell whether *name* is one of *others*, however it is written.

    Width, case and what cannot be seen make no difference. Letters of another script do, however
    alike they look: who gives out names has to see to those.
    """
    return _person(name) in set(map(_person, others))


def _person(name: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    seen = "".join(one for one in folded if one.isspace() or not _is_invisible(one))
    return " ".join(seen.split())


def _is_invisible(character: str) -> bool:
    return character in _BLANK or unicodedata.category(character) in _INVISIBLE
