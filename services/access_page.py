"""Writes docs/reference/roles.md from the table of roles: ``python -m tools.reference``."""

import sys

from services.access import TABLE, Allowed, Door
from services.identity import Role

_HEAD = """# Roles

Which role may call which method, as `services/access.py` has it. A test asks every method of every
service over a real socket, with each role, with none and with nobody, and compares with this table;
another says that this page is current. What is not in the table is refused to everybody.

A person or machine may have several roles, and can be held to regions and to list sources:
[identity.md](../how-to/identity.md). `fanzha identity show` says what a server takes you for.

| role | what it is for |
| --- | --- |
"""
_PURPOSES = {
    Role.CARRIER: "asks for decisions, reports hits and ends of calls: switches, SMS centres",
    Role.EDITOR: "proposes changes to the lists; applies those that need no second person",
    Role.APPROVER: "approves or rejects what others proposed, never their own",
    Role.AUDITOR: "reads everything, changes nothing",
    Role.APPEALS_OFFICER: "takes and decides appeals",
    Role.OPERATOR: "keeps the service running: models, workers, the state of the lists",
    Role.SOURCE: "sends in warnings about people at risk, follows what became of them",
    Role.DISPATCHER: "works on the cases of their region: takes, notes, closes",
}


def page() -> str:
    """Write the page."""
    parts = [_HEAD, *(f"| {role.value} | {_PURPOSES[role]} |\n" for role in Role)]
    parts.append(f"\n| method | {' | '.join(role.value for role in Role)} |\n")
    parts.append(f"| --- |{' :-: |' * len(Role)}\n")
    for service, methods in TABLE.items():
        parts.append(f"| **{service}** |{' |' * len(Role)}\n")
        parts += [_row(method, allowed) for method, allowed in methods.items()]
    parts += ["\n", _doors()]
    return "".join(parts)


def _row(method: str, allowed: Allowed) -> str:
    if isinstance(allowed, Door):
        marks = [{Door.OPEN: "○", Door.KNOWN: "●"}[allowed]] * len(Role)
    else:
        marks = ["●" if role in allowed else "" for role in Role]
    return f"| {method} | {' | '.join(marks)} |\n"


def _doors() -> str:
    known = [name for methods in TABLE.values() for name in methods if methods[name] is Door.KNOWN]
    return (
        f"● may; ○ {Door.OPEN.value} may, with no credentials at all: probes carry none. "
        f"{' and '.join(known)} need no role, only somebody who is known.\n"
    )


if __name__ == "__main__":
    sys.stdout.write(page())
