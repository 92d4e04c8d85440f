"""Sends one list file to a server, with a progress bar, and says what went wrong with it."""

from __future__ import annotations

import time
import zlib
from pathlib import Path
from typing import Self

import grpc

from blocklists.importers import list_file
from fanzha.errors import InvalidInput
from fanzha.translation.catalogue import gettext, language
from fanzha.v1 import blocklist_pb2 as pb
from fanzha.v1 import blocklist_pb2_grpc
from services.cli._common.console import fail, fault_text, progress
from services.cli.lists.import_summary import ImportSummary
from services.cli.lists.mappings import MappingsOfSource
from services.list_files import upload


class FileUpload:
    """One file on its way, with a progress bar."""

    def __init__(
        self,
        path: Path,
        ways: list_file.ReadOptions,
        header: pb.ImportHeader,
        known: MappingsOfSource,
        *,
        keep_all: bool,
    ) -> None:
        self._path = path
        self._header = header
        self._known = known
        self._began = time.monotonic()
        try:
            self._upload = upload.Upload(
                path,
                ways,
                int(time.time()),
                keep_all=keep_all,
                invalid_percent=header.max_invalid_percent or 100,
                finished=self._finished,
            )
        except (OSError, EOFError, zlib.error) as error:
            fail(gettext("cannot read {path}: {error}", path=path, error=fault_text(error)))
        except InvalidInput as error:
            fail(f"{path.name}: {error.translated(language())}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._upload.close()

    def send(self, stub: blocklist_pb2_grpc.BlocklistServiceStub) -> ImportSummary:
        """Send it, and return what the server said."""
        sending = self._upload
        with progress() as shown:
            task = shown.add_task(
                gettext("importing {name}", name=self._path.name),
                total=self._path.stat().st_size,
                note="",
            )

            def advanced() -> None:
                rows = gettext("{rows:,} rows", rows=sending.reading.rows)
                shown.update(task, completed=sending.file.bytes_read, note=rows)

            try:
                answer = stub.ImportEntries(sending.messages(self._header, advanced))
            except grpc.RpcError:
                if sending.reading.error is not None:
                    fail(
                        gettext(
                            "{path}: nothing was imported: {error}",
                            path=self._path,
                            error=sending.reading.error,
                        )
                    )
                raise
        self._account(answer)
        return ImportSummary(
            name=self._path.name,
            file=sending.file,
            reading=sending.reading,
            answer=answer,
            seconds=time.monotonic() - self._began,
            dry_run=self._header.dry_run,
            remembered=self._known.used(sending.file.headers),
        )

    def _account(self, answer: pb.ImportEntriesResponse) -> None:
        """Complain when the server tells of fewer rows than it was sent."""
        told, sent = sum(count.rows for count in answer.counts), self._upload.reading.rows
        if told != sent:
            fail(
                gettext(
                    "{path}: the server tells of {told:,} of the {sent:,} rows it was sent; one of "
                    "an earlier release knows no plain rows: import again once it is renewed",
                    path=self._path,
                    told=told,
                    sent=sent,
                )
            )

    def _nothing(self, file: list_file.ListFile, reading: upload.ReadProgress) -> InvalidInput:
        if reading.problems:
            first = reading.problems[0]
            return InvalidInput(
                "no line is an entry; the first that cannot be read is line {line}: {reason}",
                line=file.place(first.line)[1], reason=first.reason,
            )  # fmt: skip
        return InvalidInput("it is empty, or has comments and headers only")

    def _finished(self, file: list_file.ListFile, reading: upload.ReadProgress) -> None:
        """Complain, before anything is committed, of columns that are not there."""
        if (
            file.format_ in list_file.TABLES
            and not file.headers
            and not reading.rows
            and reading.problems
        ):
            first = reading.problems[0]
            raise InvalidInput(
                "no column is known to hold numbers or names; say which does, such as --map "
                "号码=number, or --no-header where the first row is data; the first row is: {text}",
                text=first.text[:200],
            )
        if not reading.rows:
            raise self._nothing(file, reading)
        self._known.check(file.headers)
