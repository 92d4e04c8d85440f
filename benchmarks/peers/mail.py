"""Texts as mail, which is what mail filters read."""

from collections.abc import Sequence

SEPARATOR = "\n%%\n"
"""Between the bodies that ``conf/post.lua`` reads."""


def as_mail(text: str, row: int) -> str:
    """Wrap one text into the headers without which filters complain of their absence."""
    body = " ".join(text.split())
    return (
        "From: <sender@carrier.example>\n"
        "To: <receiver@carrier.example>\n"
        f"Message-ID: <{row}@carrier.example>\n"
        "Date: Tue, 24 Nov 2026 09:00:00 +0800\n"
        "MIME-Version: 1.0\n"
        "Content-Type: text/plain; charset=utf-8\n"
        "Content-Transfer-Encoding: 8bit\n"
        f"\n{body}\n"
    )


def as_mailbox(texts: Sequence[str]) -> str:
    """Write texts as one file in the mbox format."""
    # A body is one line; one that begins like a separator is quoted, as the format has it.
    mails = (
        as_mail(text, row).replace("\n\nFrom ", "\n\n>From ") for row, text in enumerate(texts)
    )
    return "".join(
        f"From sender@carrier.example Tue Nov 24 09:00:00 2026\n{one}\n" for one in mails
    )
