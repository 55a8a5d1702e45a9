"""The command line in the test's own process: what takes seconds is to start another."""

from typer.testing import CliRunner

from benchmark.cli.app import app
from benchmark.errors import OneshotError


class Finished:
    """What a command printed and its exit code, as `subprocess.CompletedProcess`."""

    def __init__(self, *words):
        done = CliRunner().invoke(app, [str(word) for word in words])
        self.stdout, self.stderr = done.stdout, done.stderr
        self.returncode = done.exit_code
        if isinstance(done.exception, OneshotError):
            self.returncode, self.stderr = done.exception.code, f"{done.stderr}{done.exception}\n"
        elif done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
