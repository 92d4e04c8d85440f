"""Writes the readable page of a package: one HTML file, Chinese and English, no scripts."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from services.evidence_package.sections import PackageRequest, Section, format_time
from services.evidence_package.subjects import PackageSubject

_STYLE = """
body { font: 15px/1.5 system-ui, "Noto Sans SC", "Microsoft YaHei", sans-serif; margin: 2rem;
       max-width: 80rem; }
table { border-collapse: collapse; margin: .5rem 0 1.5rem; }
th, td { border: 1px solid #bbb; padding: .2rem .5rem; text-align: left; vertical-align: top;
         overflow-wrap: anywhere; font-size: 13px; }
th { background: #f1f1f1; }
.note { color: #555; }
"""
_CHECK = (
    (
        "如何核验",
        "本包可离线核验：fanzha audit verify 本文件.zip --public-key 公钥.pem。"
        "manifest.json 列出每个文件的 SHA-256，manifest.sig 是其 Ed25519 签名；"
        "audit-chain.jsonl 证明所示审计记录确在签名检查点之间的哈希链中，"
        "其余记录只给出哈希，不给出内容。公钥编号应与平时另行留存的编号一致。",
    ),
    (
        "How to check",
        "Offline: fanzha audit verify THIS.zip --public-key KEY.pem. manifest.json names the "
        "SHA-256 of each file, manifest.sig is its Ed25519 signature; audit-chain.jsonl proves "
        "that the audit records shown stood in the chain of hashes between signed checkpoints, of "
        "other records only hashes are given. The id of the key should be one noted elsewhere.",
    ),
)


def write(
    subject: PackageSubject, request: PackageRequest, sections: Sequence[Section], key_id: str
) -> str:
    """Write the page."""
    about = {
        "对象 Subject": f"{subject.pattern} ({subject.kind.name.lower()})",
        "制作时间 Made at": format_time(request.made_at_ms),
        "制作人 Made by": request.by,
        "用途 Reason": request.reason,
        "审计记录序号 Sequence in the audit log": str(request.sequence),
        "该处哈希 Hash there": request.head,
        "公钥编号 Key id": key_id,
    }
    return "\n".join(
        (
            '<!doctype html><html lang="zh"><head><meta charset="utf-8">',
            f"<title>{escape(subject.pattern)}</title><style>{_STYLE}</style></head><body>",
            "<h1>反诈证据材料 Evidence</h1>",
            _table([{"": name, " ": text} for name, text in about.items()], head=False),
            *(f"<h3>{escape(title)}</h3><p>{escape(text)}</p>" for title, text in _CHECK),
            *map(_section, sections),
            "</body></html>\n",
        )
    )


def _section(section: Section) -> str:
    chinese, english = section.titles
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in section.notes)
    rows = _table(section.rows) if section.rows else "<p>无 None</p>"
    return f"<h2>{escape(chinese)} {escape(english)}: {len(section.rows)}</h2>{notes}{rows}"


def _table(rows: Sequence[Mapping[str, Any]], *, head: bool = True) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = [_row("th", columns)] if head else []
    lines += [_row("td", [_text(row.get(name, "")) for name in columns]) for row in rows]
    return f"<table>{''.join(lines)}</table>"


def _row(cell: str, texts: Iterable[str]) -> str:
    return f"<tr>{''.join(f'<{cell}>{escape(text)}</{cell}>' for text in texts)}</tr>"


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_text(one)}" for name, one in value.items() if one != "")
    if isinstance(value, list | tuple):
        return " | ".join(map(_text, value))
    return str(value)
