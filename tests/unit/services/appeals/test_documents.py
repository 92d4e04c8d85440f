"""Documents come back as they came, or not at all."""

from hashlib import sha256
from pathlib import Path

import pytest

from fanzha.errors import InvalidInput, NotFound, Unavailable
from services.appeals.documents import DocumentFolder, SubmittedDocument, merged
from services.appeals.model import Document

CONTENT = b"%PDF licence"
DIGEST = sha256(CONTENT).hexdigest()
LICENCE = SubmittedDocument(name="licence.pdf", content=CONTENT)


@pytest.fixture
def folder(tmp_path: Path) -> DocumentFolder:
    return DocumentFolder(tmp_path / "appeals", most_bytes=100)


def test_a_stored_document_is_read_back(folder: DocumentFolder, tmp_path: Path) -> None:
    folder.keep(7, [LICENCE])

    assert folder.content(7, DIGEST) == CONTENT
    (file,) = (tmp_path / "appeals" / "7").iterdir()
    assert (file.name, file.stat().st_mode & 0o777) == (DIGEST, 0o600)


def test_a_tampered_document_is_not_served(folder: DocumentFolder, tmp_path: Path) -> None:
    folder.keep(7, [LICENCE])
    (tmp_path / "appeals" / "7" / DIGEST).write_bytes(b"another")

    with pytest.raises(Unavailable, match="changed on the disk"):
        folder.content(7, DIGEST)


def test_dropped_documents_are_gone(folder: DocumentFolder) -> None:
    folder.keep(7, [LICENCE])
    folder.drop(7)
    folder.drop(7)

    with pytest.raises(NotFound):
        folder.content(7, DIGEST)


@pytest.mark.parametrize("digest", ["../../etc/passwd", "", "G" * 64, "a" * 63])
def test_only_digests_are_accepted_as_names(digest: str, folder: DocumentFolder) -> None:
    with pytest.raises(InvalidInput):
        folder.content(7, digest)


@pytest.mark.parametrize(
    ("handed", "wrong"),
    [
        (SubmittedDocument(name="", content=CONTENT), "name"),
        (SubmittedDocument(name="../id.pdf", content=CONTENT), "name"),
        (SubmittedDocument(name="a\nb", content=CONTENT), "name"),
        (SubmittedDocument(name="id.pdf"), "sha256"),
        (
            SubmittedDocument(name="id.pdf", content=CONTENT, sha256="0" * 64),
            "not that of the content",
        ),
        (SubmittedDocument(name="id.pdf", content=b"x" * 101), "at most 100 bytes"),
    ],
)
def test_an_invalid_document_is_refused_with_the_reason(
    handed: SubmittedDocument, wrong: str, folder: DocumentFolder
) -> None:
    with pytest.raises(InvalidInput, match=wrong):
        folder.check([handed])


def test_without_storage_of_contents_only_digests_are_stored(tmp_path: Path) -> None:
    folder = DocumentFolder(tmp_path, most_bytes=0)

    with pytest.raises(InvalidInput, match="stored elsewhere"):
        folder.check([LICENCE])
    assert folder.check([SubmittedDocument(name="a.pdf", sha256=DIGEST.upper())]) == [
        Document(name="a.pdf", sha256=DIGEST)
    ]


def test_a_repeated_document_counts_once_preferring_the_stored_one() -> None:
    known = [Document(name="a.pdf", sha256=DIGEST)]
    stored = Document(name="a.pdf", sha256=DIGEST, size=12, stored=True)

    assert merged(known, [stored]) == [stored]
    assert merged([stored], known) == [stored]
