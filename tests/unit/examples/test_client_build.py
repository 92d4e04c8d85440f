"""The build of the example clients generates stubs for every message they need."""

from fanzha.v1 import interception_pb2
from tests.support.checkout import CHECKOUT

SCRIPT = CHECKOUT / "examples" / "clients" / "build.sh"


def test_the_script_names_every_file_that_the_service_imports() -> None:
    needed = {interception_pb2.DESCRIPTOR.name: interception_pb2.DESCRIPTOR}
    waiting = [interception_pb2.DESCRIPTOR]
    while waiting:
        for imported in waiting.pop().dependencies:
            if imported.name not in needed:
                needed[imported.name] = imported
                waiting.append(imported)
    (line,) = (row for row in SCRIPT.read_text().splitlines() if row.startswith("protos="))

    assert set(line.partition("=")[2].strip('"').split()) == set(needed)
