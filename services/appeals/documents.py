"""Stores the documents of appeals: a folder for each appeal, a file for each document.

Files are named by their SHA-256, so no file name of an appellant reaches the disk, and are readable
by the owner only. They are not encrypted; to encrypt them, put the folder on an encrypted volume.
"""

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from fanzha.errors import InvalidInput, NotFound, Unavailable
from infra import atomic_file, text_limits
from infra.text_limits import CharacterSet, TextLimit
from services.appeals.model import Document

MOST_DOCUMENTS = 20
_FILE_NAME = TextLimit(max_characters=200, characters=CharacterSet.PRINTABLE)
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittedDocument:
    """A document as submitted; one without content is stored elsewhere."""

    name: str
    sha256: str = ""
    content: bytes = b""


class DocumentFolder:
    """The documents of all appeals. Methods block on the disk: call them from a thread."""

    def __init__(self, folder: Path, *, most_bytes: int) -> None:
        """*most_bytes* limits the size of a document; with 0 no contents are stored."""
        self._folder = folder
        self._most_bytes = most_bytes

    def check(self, handed: Sequence[SubmittedDocument]) -> list[Document]:
        """Validate documents before they are stored; raises `InvalidInput`."""
        if len(handed) > MOST_DOCUMENTS:
            raise InvalidInput(
                "documents: {most_documents} at most, not {handed}",
                most_documents=MOST_DOCUMENTS,
                handed=len(handed),
            )
        return [self._described(row, one) for row, one in enumerate(handed)]

    def keep(self, appeal_id: int, handed: Sequence[SubmittedDocument]) -> None:
        """Write contents to disk; return once they are synchronised."""
        try:
            for one in handed:
                if one.content:
                    self._write(appeal_id, one.content)
        except OSError as error:
            raise Unavailable("documents cannot be stored: {error}", error=error) from error

    def content(self, appeal_id: int, digest: str) -> bytes:
        """Return the content of a document, verified against its SHA-256."""
        if not _SHA256.fullmatch(digest):
            raise InvalidInput("sha256: 64 hexadecimal digits")
        try:
            content = self._file(appeal_id, digest).read_bytes()
        except FileNotFoundError as error:
            raise NotFound("sha256: the content of that document is not stored here") from error
        except OSError as error:
            raise Unavailable("documents cannot be read: {error}", error=error) from error
        if sha256(content).hexdigest() != digest:
            raise Unavailable("the document was changed on the disk and does not match its sha256")
        return content

    def drop(self, appeal_id: int) -> None:
        """Delete the documents of an appeal."""
        try:
            shutil.rmtree(self._of(appeal_id))
        except FileNotFoundError:
            return
        except OSError as error:
            raise Unavailable("documents cannot be deleted: {error}", error=error) from error

    def _described(self, row: int, one: SubmittedDocument) -> Document:
        name = text_limits.required(f"documents[{row}].name", one.name, _FILE_NAME)
        given = one.sha256.lower()
        if "/" in name:
            raise InvalidInput("documents[{row}].name: without folders, has '/'", row=row)
        if len(one.content) > self._most_bytes:
            limit = f"at most {self._most_bytes} bytes" if self._most_bytes else "stored elsewhere"
            raise InvalidInput(
                "documents[{row}].content: {limit}, not {content}",
                row=row,
                limit=limit,
                content=len(one.content),
            )
        digest = sha256(one.content).hexdigest() if one.content else given
        if not _SHA256.fullmatch(digest):
            raise InvalidInput(
                "documents[{row}].sha256: 64 hexadecimal digits, or the content", row=row
            )
        if given and given != digest:
            raise InvalidInput("documents[{row}].sha256: is not that of the content", row=row)
        return Document(name=name, sha256=digest, size=len(one.content), stored=bool(one.content))

    def _write(self, appeal_id: int, content: bytes) -> None:
        folder = self._of(appeal_id)
        atomic_file.make_folder(folder)
        atomic_file.write(self._file(appeal_id, sha256(content).hexdigest()), content)

    def _of(self, appeal_id: int) -> Path:
        return self._folder / str(appeal_id)

    def _file(self, appeal_id: int, digest: str) -> Path:
        return self._of(appeal_id) / digest


def merged(known: Sequence[Document], more: Sequence[Document]) -> list[Document]:
    """Merge documents by digest; of two equal ones the one with stored content wins."""
    by_digest = {one.sha256: one for one in known}
    for one in more:
        if one.sha256 not in by_digest or (one.stored and not by_digest[one.sha256].stored):
            by_digest[one.sha256] = one
    if len(by_digest) > MOST_DOCUMENTS:
        raise InvalidInput(
            "documents: {most_documents} at most, not {by_digest}",
            most_documents=MOST_DOCUMENTS,
            by_digest=len(by_digest),
        )
    return list(by_digest.values())
