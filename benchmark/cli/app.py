"""The command `oneshot`: puts the verbs together and turns errors into one clear line."""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated

import typer

from benchmark import waiting
from benchmark.cli import (
    about,
    check,
    cite,
    compare,
    compare_images,
    data,
    env,
    export,
    leaderboard,
    listing,
    plan,
    play,
    run,
    search,
    show,
    tune,
    verify,
)
from benchmark.cli.terminal import take_any_text
from benchmark.errors import OneshotError
from benchmark.report.escape import printable

app = typer.Typer(
    name="oneshot",
    help="One-shot learning, measured: every model answers the same pinned episodes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run")(run.run)
app.command("plan")(plan.plan)
app.command("tune")(tune.tune)
app.command("check")(check.check)
app.command("list")(listing.list_names)
app.command("about")(about.about)
app.command("cite")(cite.cite)
app.command("verify")(verify.verify)
app.command("leaderboard")(leaderboard.leaderboard)
app.command("compare")(compare.compare)
app.command("show")(show.show)
app.command("play")(play.play)
app.command("compare-images")(compare_images.compare_images)
app.command("search")(search.search)
app.command("export")(export.export)
app.add_typer(data.app, name="data")
app.command("env")(env.env)

DEBUG = "ONESHOT_DEBUG"
# What an installation for readers of tables leaves out (docs/regenerate-the-tables.md).
HEAVY = ("torch", "torchvision", "pytorch_metric_learning", "safetensors", "sklearn")


def _version(wanted: bool) -> None:
    if wanted:
        from benchmark import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """One-shot learning, measured: every model answers the same pinned episodes."""
    if debug:
        os.environ[DEBUG] = "1"


def main() -> None:
    """Runs the command line; an error the user can mend is one line on stderr and exit code 2."""
    waiting.choose()
    take_any_text()
    _warn_on_one_line()
    arguments = sys.argv[1:]
    if "--debug" in arguments:  # accepted anywhere, as people add it to the end of what failed
        arguments = ["--debug", *(word for word in arguments if word != "--debug")]
    try:
        app(args=arguments, prog_name="oneshot")
    except OneshotError as error:
        if os.environ.get(DEBUG):
            raise
        sys.exit(_say(str(error), error.code))
    except ModuleNotFoundError as error:
        if os.environ.get(DEBUG) or error.name not in HEAVY:
            raise
        told = f"This command needs {error.name}, which is not installed here; commands that read "
        sys.exit(_say(told + "records do not. Type: pip install oneshot-benchmark"))
    except MemoryError:
        if os.environ.get(DEBUG):
            raise
        sys.exit(_say("Out of memory. Finished records are kept; close other programs and rerun."))
    except OSError as error:
        if os.environ.get(DEBUG) or isinstance(error, BrokenPipeError):
            raise
        where = f" ({error.filename})" if error.filename else ""
        sys.exit(_say(f"{error.strerror or error}{where}. Finished records are kept."))


class _OneLine(logging.Formatter):
    """Warnings name files and models of strangers: no escape sequence reaches the terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(record.getMessage())


def _warn_on_one_line() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_OneLine())
    logger = logging.getLogger("benchmark")
    logger.addHandler(handler)
    logger.propagate = False


def _say(message: str, code: int = 2) -> int:
    # Names come from files of strangers: no line break or escape sequence reaches the terminal.
    print(f"oneshot: {printable(message)}", file=sys.stderr)  # noqa: T201
    return code
