"""A model card as HTML: the little Markdown that ``ml.card`` writes, and nothing else.

Everything is escaped first, so that no card can bring markup, links or scripts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.utils.html import escape
from django.utils.safestring import SafeString

_RULE = re.compile(r"^\|[\s:|-]+\|$")
_MARKS = (
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"\*\*([^*]+)\*\*"), r"<strong>\1</strong>"),
)


def as_html(text: str) -> SafeString:
    """Return headings, paragraphs, lists and tables; a title becomes a ``h3``.

    >>> as_html("# Model <b>\\n\\nIt **never** says `x`.")
    '<h3>Model &lt;b&gt;</h3>\\n<p>It <strong>never</strong> says <code>x</code>.</p>'
    """
    blocks = re.split(r"\n\s*\n", text.strip())
    return SafeString("\n".join(part for b in blocks for part in _block(b)))


def _block(block: str) -> Iterator[str]:
    lines = block.splitlines()
    while lines and (heading := re.match(r"(#{1,4}) +(.*)", lines[0])):
        level = min(len(heading[1]) + 2, 6)
        yield f"<h{level}>{_inline(heading[2])}</h{level}>"
        lines = lines[1:]
    if not lines:
        return
    if lines[0].startswith("|"):
        yield _table([line for line in lines if not _RULE.match(line)])
    elif lines[0].startswith("- "):
        items = re.split(r"^- ", "\n".join(lines), flags=re.MULTILINE)[1:]
        yield "<ul>" + "".join(f"<li>{_inline(item)}</li>" for item in items) + "</ul>"
    else:
        yield f"<p>{_inline(' '.join(lines))}</p>"


def _table(lines: list[str]) -> str:
    rows = [[_inline(cell) for cell in line.strip("| ").split("|")] for line in lines]
    head = "".join(f'<th scope="col">{cell}</th>' for cell in rows[0])
    body = "".join(
        f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows[1:]
    )
    return (
        f'<div class="table-scroll"><table class="table"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _inline(text: str) -> str:
    found = str(escape(text.strip()))
    for mark, html in _MARKS:
        found = mark.sub(html, found)
    return found
