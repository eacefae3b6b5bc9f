"""The command table, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

COMMANDS = ("train", "evaluate", "predict", "validate", "summary", "gradcheck", "list", "schema")
USAGE_EXIT = 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and ends the process with the exit code of the table in the README."""
    sys.exit(run(list(sys.argv[1:] if arguments is None else arguments)))


def run(arguments: list[str]) -> int:
    """Runs the command line; the exit code."""
    from scratchnn.cli import failures

    as_json = "--json" in arguments
    try:
        app = _app(arguments)
        code = app(_with_resume_value(arguments), standalone_mode=False, prog_name="scratchnn")
    except BaseException as error:
        return failures.report(error, as_json=as_json)
    return code if isinstance(code, int) else 0


def _app(arguments: Sequence[str]):  # type: ignore[no-untyped-def]  # typer is imported only here
    """The typer application; of the commands only the one that is asked for is imported, else all for the help."""
    import typer

    import scratchnn

    app = typer.Typer(
        help="Train neural networks described in YAML, on an engine written from scratch in NumPy.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    def show_version(asked: bool) -> None:
        if asked:
            sys.stdout.write(f"scratchnn {scratchnn.__version__}\n")
            raise typer.Exit

    @app.callback()
    def root(version: bool = typer.Option(False, "--version", callback=show_version, is_eager=True)) -> None:
        """Train neural networks described in YAML, on an engine written from scratch in NumPy."""

    asked = next((word for word in arguments if not word.startswith("-")), None)
    for name in COMMANDS:
        if asked is None or asked == name or asked not in COMMANDS:
            module = import_module(f"scratchnn.cli.commands.{name}")
            app.command(name)(module.command)
    return app


def _with_resume_value(arguments: list[str]) -> list[str]:
    """`--resume` may stand alone: then its value is empty, which means the newest run."""
    made = []
    for index, word in enumerate(arguments):
        follower = arguments[index + 1] if index + 1 < len(arguments) else "-"
        made.append("--resume=" if word == "--resume" and follower.startswith("-") else word)
    return made
