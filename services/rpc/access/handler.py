"""Serves AccessService: returns the identity and the rights of the caller."""

from collections.abc import Callable
from typing import Any

from fanzha.v1 import access_pb2 as pb
from fanzha.v1 import access_pb2_grpc as pb_grpc
from services.auth import identity, roles
from services.auth.identity import Role
from services.rpc.access.roster import CREDENTIALS, IdentityRoster

ROLES = {role: place for place, role in enumerate(Role, start=1)}
"""Numbers of the roles on the wire."""

# Our enums have the numbers of the wire; generated stubs require their own enum types.
_wire: Callable[[int], Any] = int


class AccessServicer(pb_grpc.AccessServiceServicer):
    """Returns the identity of the caller, what *describe* says of the server, and the *roster*."""

    def __init__(
        self,
        describe: Callable[[], pb.DescribeServerResponse] | None = None,
        roster: IdentityRoster | None = None,
    ) -> None:
        self._describe = describe or pb.DescribeServerResponse
        self._roster = roster

    async def WhoAmI(self, request: pb.WhoAmIRequest, context: object) -> pb.WhoAmIResponse:
        who = identity.current()
        return pb.WhoAmIResponse(
            name=who.name,
            roles=[_wire(ROLES[role]) for role in Role if role in who.roles],
            regions=sorted(who.regions),
            sources=[_wire(source) for source in sorted(who.sources)],
            carrier=who.carrier,
            development=who.development,
            credential=_wire(CREDENTIALS[who.credential]),
            expires_at_s=int(who.expires_s),
            methods=roles.methods_of(who),
        )

    async def DescribeServer(
        self, request: pb.DescribeServerRequest, context: object
    ) -> pb.DescribeServerResponse:
        return self._describe()

    async def ListIdentities(
        self, request: pb.ListIdentitiesRequest, context: object
    ) -> pb.ListIdentitiesResponse:
        if self._roster is None:
            raise NotImplementedError("ListIdentities: ask list administration")
        return self._roster.described()
