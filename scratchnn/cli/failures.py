"""From an exception to one clear message and an exit code."""

from __future__ import annotations

import json
import os
import sys
import traceback

from scratchnn.errors import ScratchnnError

BUG, USAGE, STORAGE, INTERRUPTED = 1, 2, 6, 130


def report(error: BaseException, *, as_json: bool) -> int:
    """Says what went wrong on stderr, with `--json` also as one object on stdout; the exit code."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 0
    if isinstance(error, ScratchnnError):
        return _say(str(error), error.to_json(), error.exit_code, as_json)
    if isinstance(error, KeyboardInterrupt) or type(error).__name__ == "Abort":
        return _say("interrupted", _fault("interrupted", "interrupted"), INTERRUPTED, as_json)
    if type(error).__name__ == "NoArgsIsHelpError":  # the help has been shown
        return USAGE
    if hasattr(error, "format_message"):  # typer's own errors, whichever module they live in
        hint = "See `scratchnn --help` and `scratchnn COMMAND --help`."
        message = error.format_message()
        return _say(f"{message} {hint}", _fault("usage", message, hint), USAGE, as_json)
    if hasattr(error, "exit_code"):  # typer.Exit
        return int(error.exit_code)
    if isinstance(error, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the last flush does not fail too
        return 141
    if isinstance(error, OSError):
        message = f"{error.filename or 'a file'}: {error.strerror or error}"
        return _say(message, _fault("storage", message), STORAGE, as_json)
    if isinstance(error, MemoryError):
        message = f"not enough memory: {error}"
        return _say(message, _fault("storage", message, "Use a smaller batch or less data."), STORAGE, as_json)
    traceback.print_exception(error)
    message = f"{type(error).__name__}: {error}"
    return _say(f"this is a bug of scratchnn: {message}", _fault("bug", message, "Please report it."), BUG, as_json)


def _fault(kind: str, message: str, hint: str = "") -> dict[str, object]:
    return {"kind": kind, "message": message, "where": "", "hint": hint}


def _say(text: str, fault: dict[str, object], code: int, as_json: bool) -> int:
    sys.stderr.write("".join(f"error: {line}\n" for line in text.splitlines() or [""]))
    if as_json:
        sys.stdout.write(json.dumps({"error": fault}) + "\n")
    return code
