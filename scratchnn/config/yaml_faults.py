"""PyYAML's messages in plain words, with what to do."""

from __future__ import annotations

import yaml

# A piece of PyYAML's problem, our words for it, the hint. The first that fits is used.
_FAULTS = (
    ("found character '\\t'", "a tab cannot stand here", "Indent with spaces."),
    ("found a tab", "a tab cannot stand here", "Indent with spaces."),
    (
        "mapping values are not allowed here",
        'a ":" cannot stand here',
        "Put text that holds a colon in quotes, or mend the indentation.",
    ),
    ("expected ',' or ']'", 'the list lacks a "," or its "]"', "Close the bracket."),
    ("expected ',' or '}'", 'the mapping lacks a "," or its "}"', "Close the brace."),
    ("could not find expected ':'", 'the key lacks its ":"', 'Write "key: value", with a space after the colon.'),
    ("expected <block end>", "this does not fit the lines above", "Mend the indentation, or close the quotes above."),
    ("but found '<block mapping start>'", "this does not fit the lines above", "Mend the indentation."),
    ("sequence entries are not allowed here", 'a "-" cannot stand here', "Start the list on a line of its own."),
    ("block collections are not allowed", "the value cannot start here", "Start it on a line of its own."),
    ("but found '<stream end>'", "the text ends too early", "Close the bracket or brace."),
    ("found unexpected end of stream", "the file ends inside quotes", "Close the quotes."),
    ("found unexpected document separator", 'a "---" stands inside quotes', "Close the quotes."),
    (
        "found unknown escape character",
        "unknown escape after a backslash",
        "Use single quotes, or double the backslash.",
    ),
    ("found undefined alias", "the alias names no anchor above it", "Write `&name` before the value that it repeats."),
    ("second occurrence", "the anchor's name is taken", "Give each `&name` once."),
    ("more than", "", "Is it data? A config names its data files, it does not hold them."),
    ("nested more than", "", "Take out brackets or indentation."),
)


def explain_yaml(error: yaml.MarkedYAMLError) -> tuple[str, str]:
    """A message and a hint for what PyYAML refused. The message names the line where the broken piece starts."""
    problem = error.problem or error.context or "cannot be read"
    message, hint = problem, "Put text with special characters in quotes."
    for piece, words, advice in _FAULTS:
        if piece in problem:
            message, hint = words or problem, advice
            break
    start, end = error.context_mark, error.problem_mark
    if start is not None and end is not None and start.line < end.line:
        message += f" (what started at line {start.line + 1} goes on until here)"
    return message, hint
