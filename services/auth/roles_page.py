"""Writes docs/reference/roles.md from the table of roles: ``python -m tools.reference``."""

import sys

from services.auth import whole_province
from services.auth.identity import Role
from services.auth.role_words import join_roles
from services.auth.roles import LIVE_DECISIONS, TABLE, AccessLevel, Allowed

_HEAD = """# Roles

Made by `make reference` from the table in `services`. A test calls every method of every service
over a real socket, with each role, with no role and unauthenticated, and compares the answers with
this table. A method that is not in the table is refused to every role.

An identity may have several roles, and a scope of regions and list sources:
[Set up identities and roles](../how-to/identity.md). `fanzha identity show` prints your own.

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
    Role.PARTNER: "asks how much is known against a number: a bank or payment firm",
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
        parts += [_row(f"/{service}/{name}", allowed) for name, allowed in methods.items()]
    parts += ["\n", _legend()]
    return "".join(parts)


def _row(path: str, allowed: Allowed) -> str:
    if isinstance(allowed, AccessLevel):
        marks = [{AccessLevel.OPEN: "○", AccessLevel.AUTHENTICATED: "●"}[allowed]] * len(Role)
    else:
        mark = "◆" if path in whole_province.METHODS else "●"
        marks = [mark if role in allowed else "" for role in Role]
    return f"| {path.rpartition('/')[2]} | {' | '.join(marks)} |\n"


def _legend() -> str:
    known = [
        name
        for methods in TABLE.values()
        for name in methods
        if methods[name] is AccessLevel.AUTHENTICATED
    ]
    return (
        f"● allowed; ○ {AccessLevel.OPEN.value}, without credentials, since probes carry none. "
        f"{' and '.join(known)} need authentication and no role.\n\n"
        f"Decisions are recorded only for the role {join_roles(LIVE_DECISIONS, 'or')}: the others "
        "must set `dry_run` (`fanzha check` and `fanzha replay` do), and are refused without it.\n"
        "\n◆ allowed, but to nobody with regions: it is about all of them. What an identity with "
        "regions sees and changes of the rest: [scope](../how-to/identity.md#scope).\n"
    )


if __name__ == "__main__":
    sys.stdout.write(page())
