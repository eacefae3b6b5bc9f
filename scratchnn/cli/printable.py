"""Text from data, made safe for a terminal."""

from __future__ import annotations

import unicodedata


def printable(text: str) -> str:
    """The text on one line, with "?" for what a terminal would obey or cannot show, such as an escape.

    >>> printable("a\\tb\\nc"), printable("\\x1b[2J"), printable("caf\\u00e9\\u00a0\\u202e")
    ('a b c', '?[2J', 'caf\\xe9\\xa0?')
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(char: str) -> str:
    if char in "\t\n\r":
        return " "
    return char if char.isprintable() or unicodedata.category(char) == "Zs" else "?"
