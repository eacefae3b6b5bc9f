"""What a word without quotes means: the core schema of YAML 1.2.

| written | is |
|---|---|
| `null`, `Null`, `NULL`, `~`, nothing | null |
| `true`, `True`, `TRUE`, `false`, `False`, `FALSE` | true or false |
| `12`, `-3`, `+4`, `010` (ten), `0x1F`, `0o17` | a whole number |
| `1.5`, `5.`, `.5`, `1e-3`, `1E3`, `.inf`, `-.inf`, `.nan` | a number |
| all else: `yes`, `off`, `1:30`, `1_000`, `2024-01-31` | text |

Anything in quotes is text. Source: YAML 1.2.2, section 10.3.2 (2021).
"""

from __future__ import annotations

import math
import re

Scalar = str | int | float | bool | None

_MAX_DIGITS = 300
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGERS = {10: re.compile(r"[-+]?[0-9]+"), 8: re.compile(r"0o[0-7]+"), 16: re.compile(r"0x[0-9a-fA-F]+")}
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


def resolve_scalar(text: str) -> Scalar:
    """The value of a word without quotes. Raises `ValueError` for a number that no machine can hold.

    >>> [resolve_scalar(word) for word in ("1e-3", "yes", "~", "TRUE", "0x10", "-.inf")]
    [0.001, 'yes', None, True, 16, -inf]
    """
    if text in _WORDS:
        return _WORDS[text]
    for base, pattern in _INTEGERS.items():
        if pattern.fullmatch(text):
            if len(text) > _MAX_DIGITS:
                raise ValueError(f"a whole number of more than {_MAX_DIGITS} digits")
            return int(text, base)
    if _SPECIAL.fullmatch(text):
        return float(text.replace(".", "", 1))
    if _FLOAT.fullmatch(text):
        number = float(text)
        if math.isinf(number):
            raise ValueError("a number beyond 1.8e308, the largest there is")
        return number
    return text
