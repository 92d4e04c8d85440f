"""Jasmin's SMPP client: sends a file of texts, writes a ledger; as ``smsc_server/esme.js`` does.

Runs in an environment of its own, with jasmin. One argument, JSON: port, messages (a file: a line
of JSON each with source, receiver, text), ledger (a file), window, split ("udh" or "sar").
Jasmin encodes and splits the texts. The ledger has the status of each text.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from jasmin.protocols.smpp.configs import SMPPClientConfig
from jasmin.protocols.smpp.factory import SMPPClientFactory
from jasmin.protocols.smpp.operations import SMPPOperationFactory
from smpp.pdu.pdu_types import AddrTon
from twisted.internet import reactor

OPTIONS = json.loads(sys.argv[1])
STATUSES: dict[int, str] = {}
STATE = {"next": 0, "open": 0}


def tell(**event: Any) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def main() -> None:
    with Path(OPTIONS["messages"]).open() as file:
        messages = [json.loads(line) for line in file]
    config = SMPPClientConfig(
        id="esme",
        host="127.0.0.1",
        port=OPTIONS["port"],
        username="jasmin",
        password="secret",
        bindOperation="transceiver",
        log_file=tempfile.mkdtemp() + "/esme.log",
        log_level=40,
        reconnectOnConnectionFailure=False,
        reconnectOnConnectionLoss=False,
    )
    operations = SMPPOperationFactory(config, long_content_split=OPTIONS.get("split", "udh"))
    factory = SMPPClientFactory(config)
    bound = factory.connectAndBind()
    bound.addCallback(lambda result: pump(result.smpp, operations, messages))
    bound.addErrback(lambda failure: finish(failure.getTraceback()))
    reactor.run()


def pump(smpp: Any, operations: Any, messages: list[Any]) -> None:
    while STATE["next"] < len(messages) and STATE["open"] < OPTIONS["window"]:
        at = STATE["next"]
        STATE["next"] += 1
        STATE["open"] += 1
        message = messages[at]
        text, coding = message["text"], 0
        if not text.isascii():
            text, coding = text.encode("utf-16-be"), 8
        else:
            text = text.encode("ascii")
        pdu = operations.SubmitSM(
            text,
            data_coding=coding,
            source_addr=message["source"],
            source_addr_ton=AddrTon.INTERNATIONAL,
            destination_addr=message["receiver"],
            dest_addr_ton=AddrTon.INTERNATIONAL,
        )

        def answered(result: Any, at: int = at) -> None:
            status = getattr(getattr(result, "response", None), "status", None)
            STATUSES[at] = status.name if status is not None else repr(result)
            STATE["open"] -= 1
            if len(STATUSES) == len(messages):
                smpp.unbindAndDisconnect().addBoth(lambda _: finish(""))
            else:
                pump(smpp, operations, messages)

        smpp.sendDataRequest(pdu).addBoth(answered)


def finish(error: str) -> None:
    with Path(OPTIONS["ledger"]).open("w") as file:
        json.dump({"statuses": STATUSES, "error": error}, file)
    tell(event="done", error=error)
    reactor.stop()


main()
