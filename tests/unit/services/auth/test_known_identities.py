"""Who was here, beside whom the identities file names."""

from pathlib import Path

from fanzha.v1 import access_pb2
from services.auth.identity import Credential, Identity, Role
from services.auth.known_identities import MOST_SEEN, SeenCallers
from services.rpc.access import roster
from tests.support.identities import Issuer

LISTED = b"""revoked_tokens = ["a", "b"]
[[identity]]
name = "gateway-1"
certificate = "dns:gateway-1.carrier.example"
roles = ["carrier"]
"""


def a_caller(name: str) -> Identity:
    return Identity(name=name, roles=frozenset({Role.EDITOR}), credential=Credential.TOKEN)


def described(folder: Path, seen: SeenCallers) -> access_pb2.ListIdentitiesResponse:
    (folder / "identities.toml").write_bytes(LISTED)
    settings = Issuer(folder / "jwks.json").settings()
    given = settings.model_copy(update={"identities_file": folder / "identities.toml"})
    return roster.of(given, seen).described()


def test_lines_of_the_file_and_callers_are_listed_by_name(tmp_path: Path) -> None:
    seen = SeenCallers(lambda: 1_790_000_000_000)
    seen.note(a_caller("wang"))
    seen.note(a_caller("wang"))

    answer = described(tmp_path, seen)

    assert [(one.name, list(one.roles), one.last_seen_ms) for one in answer.identities] == [
        ("gateway-1", ["carrier"], 0),
        ("wang", ["editor"], 1_790_000_000_000),
    ]
    assert answer.identities[0].certificate == "dns:gateway-1.carrier.example"
    assert answer.identities[1].credential == access_pb2.CREDENTIAL_TOKEN
    assert (answer.revoked_tokens, len(answer.key_ids)) == (2, 1)


def test_callers_beyond_the_bound_are_counted() -> None:
    seen = SeenCallers(lambda: 0)
    for number in range(MOST_SEEN + 3):
        seen.note(a_caller(f"caller-{number}"))

    assert (len(seen.by_name), seen.left_out) == (MOST_SEEN, 3)
