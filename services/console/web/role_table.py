"""Which role opens which page: derived from the methods that pages call, and who may call them."""

import re
from collections.abc import Iterable, Sequence

from services.auth.identity import Role
from services.auth.roles import AccessLevel, access_of
from services.console.web.pages import ConsolePage

_HEAD = """# Pages of the console and roles

Made by `make reference` from the pages in `services/console` and the table in `services/auth`. A
page calls methods of the service in the name of whoever is signed in, so who may not call them may
not see it: neither in the navigation nor by its address. A test opens every page with every role
over HTTP and compares the answers with this table. What each page is for: [The
console](../how-to/console.md); which method takes which role: [Roles](roles.md).

"""

_CONVERTOR = re.compile(r":\w+(?=})")
"""How Starlette reads a part of a path, such as `:digits`."""


def roles_of(methods: Iterable[str]) -> frozenset[Role]:
    """Return the roles that may call all of *methods*, named as ``CaseService/GetCase``."""
    found = frozenset(Role)
    for method in methods:
        allowed = access_of(f"/fanzha.v1.{method}")
        if allowed is None:
            return frozenset()
        found &= frozenset(Role) if isinstance(allowed, AccessLevel) else allowed
    return found


def page(pages: Sequence[ConsolePage]) -> str:
    """Return docs/reference/console-pages.md."""
    parts = [_HEAD, f"| page | {' | '.join(role.value for role in Role)} |\n"]
    parts.append(f"| --- |{' :-: |' * len(Role)}\n")
    parts += [_row(f"{one.title} `{one.path}`", one.needs) for one in pages]
    for one in pages:
        parts.append(f"\n## {one.title}\n\n| address | methods | roles |\n| --- | --- | --- |\n")
        for route in one.routes:
            methods = one.methods_of(route)
            allowed = roles_of(methods)
            names = ", ".join(role.value for role in Role if role in allowed)
            words = ", ".join(f"`{method}`" for method in methods) or "none"
            who = "all" if allowed == frozenset(Role) else names
            address = f"{route.method} {one.path}{_CONVERTOR.sub('', route.path)}"
            parts.append(f"| `{address}` | {words} | {who} |\n")
    return "".join(parts)


def _row(name: str, methods: Iterable[str]) -> str:
    allowed = roles_of(methods)
    marks = ["●" if role in allowed else "" for role in Role]
    return f"| {name} | {' | '.join(marks)} |\n"
