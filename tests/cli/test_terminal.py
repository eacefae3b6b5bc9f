"""What a person sees on a terminal, and what a log holds where there is none."""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("needs pseudo-terminals", allow_module_level=True)

import fcntl
import termios

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
COLOURS = re.compile(r"\x1b\[[0-9;]*3[0-9][0-9;]*m")
LONG = ("--set", "training.epochs=1000000")
BRIEF = ("--set", "training.epochs=400")


def on_terminal(
    words: Sequence[str],
    *,
    columns: int = 80,
    stop_at: str = "",
    stdout: Any = None,
    stderr: Any = None,
    **variables: str,
) -> tuple[int, str]:
    """Runs a command on a terminal of that width; presses ^C once `stop_at` is seen. Its exit code and the screen."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def take_terminal() -> None:
        os.setsid()
        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

    unset = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TERM")
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    environment |= {"TERM": "xterm-256color"} | variables
    process = subprocess.Popen(
        words, stdin=theirs, stdout=stdout or theirs, stderr=stderr or theirs, env=environment, preexec_fn=take_terminal
    )
    os.close(theirs)
    screen, deadline = "", time.monotonic() + 40
    while time.monotonic() < deadline:
        try:
            chunk = os.read(ours, 4096)
        except OSError:  # the other side is closed
            break
        screen += chunk.decode("utf-8", "replace")
        if stop_at and stop_at in screen:
            os.write(ours, b"\x03")
            stop_at = ""
        if not chunk:
            break
    os.close(ours)
    return process.wait(timeout=20), screen


def rows(screen: str) -> list[str]:
    """What was written, line by line, without the escapes that move and colour."""
    return [line for line in re.split(r"[\r\n]+", ESCAPES.sub("", screen)) if line]


@pytest.mark.parametrize("columns", [60, 80])
def test_progress_shows_the_figures_and_the_time_left(columns: int, program: list[str], folder: Path) -> None:
    code, screen = on_terminal([*program, "train", "c.yaml", *BRIEF], columns=columns)
    assert code == 0
    shown = rows(screen)
    bars = [line for line in shown if re.match(r"epoch +\d+/400 ", line)]
    assert any(re.search(r"\d:\d\d:\d\d left", line) for line in bars), shown
    assert any(re.match(r"loss [0-9.e-]+  validation loss [0-9.e-]+  acc", line) for line in shown), shown
    figures = [line.rstrip() for line in shown if line.startswith("loss ")]
    assert max(map(len, bars)) <= columns
    assert max(map(len, figures)) <= columns - 3  # the ^C that is echoed there must not start a line
    assert all(line.endswith("…") for line in figures if len(line) > 56) or columns == 80
    assert shown[-4].startswith("completed after 400 epochs in ")
    assert shown[-3] == "wrote runs/c"
    assert shown[-1].startswith("test: loss ")
    assert COLOURS.search(screen)
    assert "\x1b[?25h" in screen.split("completed")[0]  # the cursor is back


def test_what_a_terminal_would_obey_is_not_written(program: list[str], folder: Path) -> None:
    table = (folder / "flowers.csv").read_text()
    (folder / "flowers.csv").write_text(table.replace("width", "wide\x1b]0;mine\x07", 1))
    code, screen = on_terminal([*program, "train", "c.yaml"])
    assert code == 0
    assert "\x1b]0;" not in screen
    assert "wide?]0;mine?" in screen


def test_control_c_saves_and_tells_how_to_go_on(program: list[str], folder: Path) -> None:
    code, screen = on_terminal([*program, "train", "c.yaml", *LONG], stop_at="validation loss")
    assert code == 130
    assert "Traceback" not in screen
    assert rows(screen)[-2].startswith("interrupted after ")
    assert rows(screen)[-1] == "go on with: scratchnn train --resume runs/c"


def test_no_colour(program: list[str], folder: Path) -> None:
    assert not COLOURS.search(on_terminal([*program, "train", "c.yaml", *BRIEF], NO_COLOR="1")[1])
    assert "\x1b" not in on_terminal([*program, "summary", "c.yaml"], NO_COLOR="1")[1]
    assert "\x1b[1m" in on_terminal([*program, "summary", "c.yaml"])[1]


def test_a_terminal_that_can_do_nothing(program: list[str], folder: Path) -> None:
    code, screen = on_terminal([*program, "train", "c.yaml"], TERM="dumb")
    assert code == 0
    assert "\x1b" not in screen
    assert [line[:11] for line in rows(screen) if line.startswith("epoch")] == ["epoch 1/2  ", "epoch 2/2  "]


def test_progress_goes_to_stderr_where_stdout_is_a_file(program: list[str], folder: Path) -> None:
    with (folder / "out.json").open("wb") as out:
        code, screen = on_terminal([*program, "train", "c.yaml", "--json", *BRIEF], stdout=out)
    assert code == 0
    assert " left" in screen
    assert json.loads((folder / "out.json").read_text())["epochs"] == 400


def test_json_on_a_terminal_stands_alone_on_stdout(program: list[str], folder: Path) -> None:
    with (folder / "err.txt").open("wb") as err:
        code, screen = on_terminal([*program, "train", "c.yaml", "--json"], stderr=err)
    assert (code, json.loads(screen)["epochs"]) == (0, 2)
    assert "epoch 2/2  loss " in (folder / "err.txt").read_text()


def test_a_line_an_epoch_where_there_is_no_terminal(cli: Any) -> None:
    outcome = cli("train", "c.yaml", "--set", "training.epochs=10")
    assert (outcome.code, outcome.out) == (0, "")
    lines = outcome.err.splitlines()
    assert lines[0].startswith("runs/c: classification, 31 train, 7 validation, 7 test rows; 51 parameters; 1 thread")
    assert lines[1] == "columns: number width, height"
    number = r"[0-9.]+(e-[0-9]+)?"
    pattern = rf"epoch (..)/10  loss {number}  validation loss {number}  accuracy {number}  f1_macro {number}"
    matches = [re.fullmatch(pattern, line) for line in lines[2:12]]
    assert [match[1] for match in matches if match] == [f"{epoch:2}" for epoch in range(1, 11)]
    assert lines[12].startswith("completed after 10 epochs in ")
    assert len(lines) == 16


def test_quiet_says_nothing(cli: Any) -> None:
    for command in (["train", "c.yaml"], ["evaluate"], ["validate", "c.yaml"], ["gradcheck", "c.yaml"]):
        outcome = cli(*command, "--quiet")
        assert (outcome.code, outcome.out, outcome.err) == (0, "", "")


def test_a_listing_fits_its_terminal(program: list[str], folder: Path) -> None:
    _, screen = on_terminal([*program, "list", "optimizers"], columns=60)
    assert max(map(len, rows(screen))) <= 60
