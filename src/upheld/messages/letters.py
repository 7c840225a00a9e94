"""A confirmation as a letter to print: one page of HTML without any link, script or picture from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{subject}</title>
<style>
  @page {{ size: letter; margin: 25mm 22mm }}
  body {{ font: 11pt/1.45 Georgia, serif; max-width: 42em; margin: 2em auto; padding: 0 1em }}
  address {{ font-style: normal; margin: 2.5em 0 3em; white-space: pre-line }}
  pre {{ font: inherit; white-space: pre-wrap }}
  h1 {{ font-size: 1.1em }}
  @media print {{ body {{ margin: 0; padding: 0 }} }}
</style>
<body>
<header>{sender}</header>
<address>{to}</address>
<main>
<h1>{subject}</h1>
<pre>{text}</pre>
</main>
</body>
</html>
"""


def letter(*, sender: str, to: Sequence[str], subject: str, text: str) -> str:
    """The page. `to` are the lines of the address; everything is escaped."""
    return _PAGE.format(sender=escape(sender), to=escape("\n".join(to)), subject=escape(subject), text=escape(text))
