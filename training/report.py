"""One HTML page that holds everything itself: text, tables and pictures, nothing fetched."""

import base64
import html
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from digitscan.errors import OutputError

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem;
       color: #1c1c1c; background: #fff; }
h1 { margin-bottom: 0; } h2 { margin-top: 2.5rem; border-bottom: 1px solid #ccc; }
table { border-collapse: collapse; margin: 1rem 0; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { padding: .2rem .8rem; border-bottom: 1px solid #ddd; text-align: right;
         font-variant-numeric: tabular-nums; }
th:first-child, td:first-child { text-align: left; }
figure { margin: 1rem 0; } img { max-width: 100%; height: auto; } figcaption { color: #555; }
"""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under headings; the first column is set left, the others right."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(
                    f"{self.caption}: {len(self.columns)} columns, a row has {len(row)}: {row}"
                )


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG with the sentence that says what it shows."""

    caption: str
    png: bytes

    def __post_init__(self) -> None:
        if not self.png.startswith(b"\x89PNG"):
            raise ValueError(f"{self.caption}: a picture is PNG, got {self.png[:8]!r}")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, a sentence or two, then tables and pictures in order."""

    title: str
    text: str
    items: tuple[Table | Picture, ...] = ()


def render_report(title: str, text: str, sections: Sequence[Section]) -> str:
    """Set the page as HTML.

    Parameters
    ----------
    title, text : str
        Heading and first paragraph; plain text, escaped here.
    sections : sequence of Section

    Returns
    -------
    str
        A whole HTML document; pictures are inside it as data URLs.

    Examples
    --------
    >>> page = render_report("digits <1>", "Measured.", [Section("Speed", "Fast.")])
    >>> "<h1>digits &lt;1&gt;</h1>" in page, "<h2>Speed</h2>" in page
    (True, True)
    """
    body = [f"<h1>{html.escape(title)}</h1>", f"<p>{html.escape(text)}</p>"]
    for section in sections:
        body.append(f"<h2>{html.escape(section.title)}</h2>")
        body.append(f"<p>{html.escape(section.text)}</p>")
        body.extend(_render_item(item) for item in section.items)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{html.escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def render_markdown(table: Table) -> str:
    """Set a table as Markdown, as it stands in a README or a note.

    Examples
    --------
    >>> print(render_markdown(Table("Sets", ("set", "accuracy"), (("test", "99.8 %"),))))
    | set | accuracy |
    |---|---:|
    | test | 99.8 % |
    """
    rule = "|---" + "|---:" * (len(table.columns) - 1) + "|"
    lines = ["| " + " | ".join(row) + " |" for row in (table.columns, *table.rows)]
    return "\n".join([lines[0], rule, *lines[1:]])


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, and its folder before it.

    Raises
    ------
    OutputError
        If the folder or the file cannot be written.
    """
    partial = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
        os.replace(partial, path)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}; choose another --out") from error


def _render_item(item: Table | Picture) -> str:
    if isinstance(item, Picture):
        data = base64.b64encode(item.png).decode("ascii")
        caption = html.escape(item.caption)
        return (
            f'<figure><img alt="{caption}" src="data:image/png;base64,{data}">'
            f"<figcaption>{caption}</figcaption></figure>"
        )
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in item.columns)
    rows = "\n".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
        for row in item.rows
    )
    return (
        f"<table><caption>{html.escape(item.caption)}</caption>"
        f"<thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table>"
    )
