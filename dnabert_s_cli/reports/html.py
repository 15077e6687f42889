"""The frame of a page that is one file: markup, style, script and data put together.

Parts under `page/` -> `{{names}}` filled with text that is escaped here, or with markup made here -> a page
whose policy lets no other script run and nothing be fetched.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path

from ..io.files import atomic_path

_SCRIPTS = ("store", "canvas", "map", "charts", "bubbles", "table", "search", "main")
_SLOT = re.compile(r"\{\{(\w+)\}\}")


def write_page(path: str | Path, layout: str, *, slots: Mapping[str, str], data: str) -> None:
    """Write the page of this layout, whole or not at all.

    Args:
        layout: name of a file in `page`, without its suffix.
        slots: markup of each `{{name}}` in it but style, script, policy and data.
        data: JSON text, safe inside a script element.
    """
    style = _read("page.css")
    script = '(() => {\n"use strict";\n' + "".join(_read(f"{name}.js") for name in _SCRIPTS) + "})();\n"
    own = {"style": style, "script": script, "data": data, "policy": _policy(style=style, script=script)}
    page = _filled(_read(f"{layout}.html"), {**slots, **own})
    with atomic_path(path) as temporary:
        temporary.write_text(page, encoding="utf-8", errors="backslashreplace", newline="\n")


def part(name: str, **words: str) -> str:
    """The markup of a part of the page, `{{words}}` filled with text."""
    return _filled(_read(f"part_{name}.html"), {key: html.escape(word) for key, word in words.items()})


def definitions(pairs: Iterable[tuple[str, str]]) -> str:
    """Terms and what they are, as the inside of a <dl>; the second of each pair is markup."""
    return "".join(f"<dt>{html.escape(term)}</dt><dd>{meaning}</dd>\n" for term, meaning in pairs)


def tile(term: str, figure: str, *, aside: str) -> str:
    """One key number, with a few words below it."""
    shown = f'<dd class="figure">{html.escape(figure)}</dd><dd class="aside">{html.escape(aside)}</dd>'
    return f"<div><dt>{html.escape(term)}</dt>{shown}</div>\n"


def escaped(text: str) -> str:
    """Text as markup that shows it."""
    return html.escape(text)


def _read(name: str) -> str:
    return resources.files(__package__).joinpath("page").joinpath(name).read_text(encoding="utf-8")


def _filled(template: str, slots: Mapping[str, str]) -> str:
    """Each slot filled once: what fills it is never searched for slots."""
    return _SLOT.sub(lambda slot: slots[slot[1]], template)


def _policy(*, style: str, script: str) -> str:
    allowed = f"script-src {_hash(script)}; style-src {_hash(style)}"
    return f"default-src 'none'; {allowed}; img-src data:; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
