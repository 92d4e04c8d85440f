"""Jasmin's SMPP server as a message centre with a ledger, as ``smsc_server/ledger_centre.js``.

Runs in an environment of its own, with jasmin. Jasmin authenticates, decodes, answers; only the
routing behind it, which would need RabbitMQ and Redis, is replaced by a ledger.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from jasmin.protocols.smpp.configs import SMPPServerConfig
from jasmin.protocols.smpp.factory import SMPPServerFactory
from jasmin.routing.jasminApi import Group, User
from jasmin.tools.cred.checkers import RouterAuthChecker
from jasmin.tools.cred.portal import SmppsRealm
from smpp.pdu.pdu_types import CommandStatus
from smpp.twisted.protocol import DataHandlerResponse
from twisted.cred.portal import Portal
from twisted.internet import reactor, stdio
from twisted.protocols.basic import LineReceiver

LEDGER: dict[str, list[Any]] = {"submitted": [], "delivered": [], "binds": [], "others": []}


def tell(**event: Any) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


class Users:
    """What jasmin asks of its router about users."""

    users = tuple(User(name, Group("all"), name, "secret") for name in ("jasmin", "esme"))

    @classmethod
    def authenticateUser(cls, username: str, password: str) -> Any:
        known = {user.username: user for user in cls.users}
        return known.get(username) if password == "secret" else None


class LedgerFactory(SMPPServerFactory):
    """Writes down what jasmin would route."""

    def submit_sm_event_interceptor(self, system_id: str, *args: Any) -> Any:
        _, pdu = args
        params = pdu.params
        body = params.get("short_message") or b""
        part = params.get("sar_segment_seqnum") or 1
        if body[:3] in (b"\x05\x00\x03", b"\x06\x08\x04"):
            part = body[body[0]]
        number = f"{len(LEDGER['submitted']):08x}"
        receiver = params["destination_addr"].decode()
        LEDGER["submitted"].append([id(args[0]), receiver, part, number, body.hex()])
        return DataHandlerResponse(status=CommandStatus.ESME_ROK, message_id=number)


class Orders(LineReceiver):
    """Lines of JSON on standard input."""

    delimiter = b"\n"

    def lineReceived(self, line: bytes) -> None:
        order = json.loads(line)
        if "ledger" in order:
            with Path(order["ledger"]).open("w") as file:
                json.dump(LEDGER, file)
            tell(event="ledger")

    def connectionLost(self, reason: Any) -> None:
        reactor.stop()


def main() -> None:
    config = SMPPServerConfig()
    config.log_file = tempfile.mkdtemp() + "/centre.log"
    config.log_level = 40
    portal = Portal(SmppsRealm("smpps", Users))
    portal.registerChecker(RouterAuthChecker(Users))
    port = reactor.listenTCP(0, LedgerFactory(config, portal), interface="127.0.0.1")
    stdio.StandardIO(Orders())
    tell(event="listening", port=port.getHost().port)
    reactor.run()


main()
