"""From an exception to one clear message and an exit code."""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from contextlib import suppress
from typing import Any, TextIO

from scratchnn.cli.printable import printable
from scratchnn.cli.signals import Stopped
from scratchnn.errors import ScratchnnError, StorageError, UsageError, suggestion

BROKEN_PIPE = 141


class BugError(ScratchnnError):
    """What no user did: the traceback is shown before it."""

    kind = "bug"


def report(error: BaseException, *, as_json: bool) -> int:
    """Says what went wrong on stderr, with `--json` also as one object on stdout; the exit code.

    The classes of typer are told by what they have: they live in other modules from version to version.
    """
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 0
    if isinstance(error, BrokenPipeError):
        _redirect(sys.stdout)
        _redirect(sys.stderr)
        return BROKEN_PIPE
    if isinstance(error, ScratchnnError | Stopped):
        return _say(str(error), error.to_json(), error.exit_code, as_json)
    if isinstance(error, KeyboardInterrupt) or type(error).__name__ == "Abort":
        return report(Stopped(signal.SIGINT), as_json=as_json)
    if hasattr(error, "format_message"):
        usage = _usage(error)
        return _say(str(usage), usage.to_json(), usage.exit_code, as_json)
    if hasattr(error, "exit_code"):  # typer.Exit
        return int(error.exit_code)
    if isinstance(error, OSError | MemoryError):
        refused = _refused(error)
        return _say(str(refused), refused.to_json(), refused.exit_code, as_json)
    with suppress(OSError):
        traceback.print_exception(error)
    fault = _bug(error)
    return _say(str(fault), fault.to_json(), fault.exit_code, as_json)


def _bug(error: BaseException) -> ScratchnnError:
    """Whose bug it is: the plugin's where the fault was raised in one, else ours."""
    what = f"{type(error).__name__}: {error}"
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        if str(frame.f_globals.get("__name__", "")).startswith("scratchnn_plugin_"):
            where = f"{frame.f_code.co_filename}:{line}"
            return BugError(f"the plugin failed: {what}", where=where, hint="Mend the plugin.")
    return BugError(f"this is a bug of scratchnn: {what}", hint="Please report it.")


def _usage(error: Any) -> UsageError:
    """What typer found wrong with the command line."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "scratchnn"
    see = f"See `{command} --help`."
    if (option := getattr(error, "option_name", None)) and hasattr(error, "possibilities") and context is not None:
        if context.parent is None and option == "--json":
            return UsageError("--json stands before the command", hint="Write it after: scratchnn train CONFIG --json.")
        known = [name for parameter in context.command.params for name in parameter.opts if name.startswith("--")]
        near = suggestion(option, known)
        return UsageError(f"there is no option {option}", hint=f"{near} {see}" if near.startswith("Did") else see)
    return UsageError(error.format_message().rstrip("."), hint=see)


def _refused(error: OSError | MemoryError) -> StorageError:
    if isinstance(error, MemoryError):
        return StorageError(f"not enough memory: {error}", hint="Use a smaller batch or less data.")
    if error.filename is None:  # only the streams have no name
        _redirect(sys.stdout)
    return StorageError(error.strerror or str(error), where=str(error.filename or "stdout"))


def _redirect(stream: TextIO) -> None:
    """Lets what is still to be written go nowhere, so that the last flush of the process cannot fail."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _say(text: str, fault: dict[str, object], code: int, as_json: bool) -> int:
    try:
        sys.stderr.write("".join(f"error: {printable(line)}\n" for line in text.splitlines() or [""]))
        if as_json:
            sys.stdout.write(json.dumps({"error": fault}) + "\n")
            sys.stdout.flush()
    except OSError:  # nobody listens any more; the exit code still tells
        _redirect(sys.stdout)
    return code
