"""Makes a session for a credential: the servers themselves say whose it is and what they may."""

import secrets
from typing import Any

from fanzha.v1 import access_pb2
from services.auth.identity import Role
from services.console.backend.calls import ServiceCalls
from services.console.session.model import ConsoleSession
from services.console.session.store import SessionStore

_CSRF_BYTES = 24


async def session_for(
    calls: ServiceCalls,
    sessions: SessionStore,
    *,
    token: str,
    name: str,
    now_s: float,
    id_token: str = "",
) -> ConsoleSession:
    """Ask list administration who *token* is; raise `BackendFault` where it refuses it.

    *name* counts where authentication is off only.
    """
    who = await calls.unary("AccessService/WhoAmI", access_pb2.WhoAmIRequest())
    return ConsoleSession(
        name=name if who.development else who.name,
        token="" if who.development else token,
        roles=tuple(_roles(who)),
        regions=tuple(who.regions),
        methods=frozenset(who.methods),
        development=who.development,
        created_at_s=now_s,
        ends_at_s=sessions.until(float(who.expires_at_s)),
        csrf=secrets.token_urlsafe(_CSRF_BYTES),
        id_token=id_token,
    )


async def needs_no_token(calls: ServiceCalls) -> bool:
    """Return whether the servers authenticate nobody, so that a name is enough."""
    answer = await calls.unary("AccessService/DescribeServer", access_pb2.DescribeServerRequest())
    return not answer.authentication


def _roles(who: Any) -> list[str]:
    # The numbers of the wire are the places of the roles, see `services.rpc.access`.
    names = [role.value for role in Role]
    return [names[number - 1] for number in who.roles if 0 < number <= len(names)]
