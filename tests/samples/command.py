"""The kehu command in this process, as a new one takes seconds to begin."""

import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from kehu.cli.main import main


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


def kehu(*arguments: str, folder: Path | None = None) -> Done:
    """Run the command, in the folder where one is given."""
    out, err, code = StringIO(), StringIO(), 0
    before, sys.argv = sys.argv, ["kehu", *arguments]
    try:
        with chdir(folder or Path()), redirect_stdout(out), redirect_stderr(err):
            main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    finally:
        sys.argv = before
    return Done(code, out.getvalue(), err.getvalue())
