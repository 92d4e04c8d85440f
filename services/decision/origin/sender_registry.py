"""The registry of sender names (`senders_file`): who owns a header, and the routes it may take.

As in registries of distributed ledgers (DLT; TRAI, TCCCPR 2018), a header such as ``Bank`` or
``95588`` belongs to one owner and is submitted on the owner's routes. A header on another route is
somebody else's.

The file is CSV with a heading: ``header``, ``owner``, and ``routes``, which are separated by
semicolons; without routes any will do.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

from fanzha.errors import InvalidConfiguration
from fanzha.phone import UNREADABLE, HomePlan

COLUMNS = ("header", "owner", "routes")
MAX_ROUTES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredSender:
    """One header."""

    header: str
    owner: str
    routes: frozenset[str]
    """Trunk groups it is submitted on; empty means any."""


class SenderRegistry:
    """Registered senders by number key."""

    def __init__(
        self, senders: Iterable[RegisteredSender] = (), home: HomePlan | None = None
    ) -> None:
        """Take *senders*; raise `ValueError` for a header that is registered twice."""
        plan = home or HomePlan()
        self._by_key: dict[int, RegisteredSender] = {}
        for sender in senders:
            key = plan.sender_key(sender.header)
            if key == UNREADABLE:
                raise InvalidConfiguration(
                    "{header!r}: no name, number or code", header=sender.header
                )
            if key in self._by_key:
                other = self._by_key[key].header
                raise InvalidConfiguration(
                    "{header}: registered before, as {other}", header=sender.header, other=other
                )
            self._by_key[key] = sender

    def __len__(self) -> int:
        return len(self._by_key)

    def genuine(self, key: int, route: str) -> bool:
        """Return whether the header of this number key is registered for *route*."""
        sender = self._by_key.get(key)
        return sender is not None and (not sender.routes or route in sender.routes)


def read_senders(data: bytes, home: HomePlan) -> SenderRegistry:
    """Read a registry whose numbers are written as in the *home* plan; `ValueError` if wrong."""
    return SenderRegistry(_rows(data), home)


def _rows(data: bytes) -> Iterable[RegisteredSender]:
    try:
        table = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        if tuple(table.fieldnames or ()) != COLUMNS:
            raise InvalidConfiguration("the first line is {columns}", columns=",".join(COLUMNS))
        for row in table:
            yield _sender(row, f"line {table.line_num}")
    except (csv.Error, UnicodeDecodeError) as error:
        raise InvalidConfiguration("not CSV in UTF-8: {error}", error=error) from error


def _sender(row: dict[str, str], where: str) -> RegisteredSender:
    if None in row or None in row.values():
        raise InvalidConfiguration(
            "{where}: {columns} cells, not more and not fewer", where=where, columns=len(COLUMNS)
        )
    header, owner = row["header"].strip(), row["owner"].strip()
    if not header or not owner:
        raise InvalidConfiguration("{where}: a header and its owner are required", where=where)
    routes = [route.strip() for route in row["routes"].split(";") if route.strip()]
    if len(routes) > MAX_ROUTES:
        raise InvalidConfiguration(
            "{where}: more than {max_routes} routes", where=where, max_routes=MAX_ROUTES
        )
    return RegisteredSender(header=header, owner=owner, routes=frozenset(routes))
