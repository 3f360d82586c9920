"""Runs that the server starts: each a process of its own, so that it can be ended and slows no answer."""

import os
import subprocess
import sys
from collections.abc import Sequence
from tempfile import TemporaryFile
from typing import IO

from kehu.model.problems import Place, Problem, RefusedError
from kehu.workspace.workspace import Workspace

# A run that is told to end writes down that it failed, and then does.
_GRACE_SECONDS = 30
_SAID_BYTES = 4000


class Runner:
    """At most one run at a time; one that is under way when the server ends, ends with it."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._process: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None

    def start(self, arguments: Sequence[str]) -> None:
        """Begin `kehu` with these arguments on the workspace. RefusedError while an earlier one goes on."""
        if self.is_running():
            raise RefusedError([Problem(Place("runs"), "run-in-progress", "another run goes on", "wait until it ends")])
        command = [sys.executable, "-m", "kehu.cli", *arguments, "--workspace", str(self._workspace.root)]
        environment = {**os.environ, "KEHU_DATABASE_URL": self._workspace.settings.database_url}
        if self._said is not None:
            self._said.close()
        self._said = TemporaryFile()  # noqa: SIM115 (it lives as long as the process)
        # Apart from the server's terminal, whose Ctrl-C it would get besides.
        self._process = subprocess.Popen(  # noqa: S603 (our own command)
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._said,
            start_new_session=True,
        )

    def is_running(self) -> bool:
        """Whether a run that was started here has not ended yet."""
        return self._process is not None and self._process.poll() is None

    def said(self) -> str:
        """The end of what the run that was started last wrote to its standard error; "" before the first."""
        if self._said is None:
            return ""
        size = os.fstat(self._said.fileno()).st_size
        return os.pread(self._said.fileno(), _SAID_BYTES, max(0, size - _SAID_BYTES)).decode(errors="replace")

    def end(self) -> None:
        """Tell the run to end, and wait until it has; after 30 seconds it is killed."""
        if self._process is None:
            return
        if self.is_running():
            self._process.terminate()
        try:
            self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """The same, with nothing to begin any more."""
        self.end()
        if self._said is not None:
            self._said.close()
