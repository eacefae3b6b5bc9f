"""The command table, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

COMMANDS = (
    "init",
    "train",
    "tune",
    "evaluate",
    "predict",
    "report",
    "audit",
    "validate",
    "summary",
    "find-lr",
    "gradcheck",
    "crossval",
    "compare",
    "runs",
    "list",
    "schema",
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and ends the process with the exit code of the table in the README."""
    if sys.stdout is None:  # a parent may close it; what is said then goes nowhere
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123  # it lives as long as the process
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123  # likewise
    from scratchnn.cli.signals import end_on_signals

    end_on_signals()
    sys.exit(run(list(sys.argv[1:] if arguments is None else arguments)))


def run(arguments: list[str]) -> int:
    """Runs the command line; the exit code."""
    from scratchnn.cli import failures

    # Read when NumPy is loaded: after a product OpenBLAS's threads spin for 2^20 cycles, not 2^26, and so leave
    # their cores to the optimizer's second thread. A step of a wide network takes 6 % less; small ones are the same.
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "20")
    output = sys.stdout
    try:
        command = _command(arguments)
        # Not `command.main`, which makes exits of its own of a broken pipe and of an interruption.
        with command.make_context("scratchnn", _with_bare_values(arguments) or ["--help"]) as context:
            try:
                code = command.invoke(context)
            finally:
                sys.stdout = output  # a console has sent it elsewhere
        sys.stdout.flush()  # here a full disk is still an error, at the end of the process it is noise
    except BaseException as error:
        code = failures.report(error, as_json="--json" in arguments)
    if not arguments:
        return 2  # the help was shown, but nothing was done
    return code if isinstance(code, int) else 0


def _command(arguments: Sequence[str]):  # type: ignore[no-untyped-def]  # typer is imported only here
    """The whole command; of the subcommands only the one that is asked for is imported, else all for the help."""
    import typer

    import scratchnn
    from scratchnn.errors import UsageError, suggestion

    asked = next((word for word in arguments if not word.startswith("-")), None)
    if asked is not None and asked not in COMMANDS:
        hint = f"{suggestion(asked, COMMANDS)} See `scratchnn --help`."
        raise UsageError(f'there is no command "{asked}"', hint=hint)
    app = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    def show_version(asked: bool) -> None:
        if asked:
            sys.stdout.write(f"scratchnn {scratchnn.__version__}\n")
            raise typer.Exit

    @app.callback(epilog="Example: scratchnn train configs/iris.yaml")
    def root(
        version: bool = typer.Option(
            False, "--version", help="Show the version.", callback=show_version, is_eager=True
        ),
    ) -> None:
        """Train neural networks described in YAML, on an engine written from scratch in NumPy."""

    for name in COMMANDS:
        if asked is None or asked == name:
            module = import_module(f"scratchnn.cli.commands.{name.replace('-', '_')}")
            app.command(name, epilog=f"Example: scratchnn {name} {module.EXAMPLE}".strip())(module.command)
    return typer.main.get_command(app)


def _with_bare_values(arguments: list[str]) -> list[str]:
    """`--resume` and `--step-summary` may stand alone: then their value is empty, and means what is usual."""
    made = []
    for index, word in enumerate(arguments):
        follower = arguments[index + 1] if index + 1 < len(arguments) else "-"
        made.append(f"{word}=" if word in ("--resume", "--step-summary") and follower.startswith("-") else word)
    return made
