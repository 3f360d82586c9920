"""Compiled loops where they cannot be kept on disk, and when they are loaded."""

import subprocess
import sys
from types import CodeType, FunctionType

from kehu.features.kernels import compiled


def test_what_cannot_be_kept_on_disk_is_compiled_all_the_same() -> None:
    code = compile("def double(number):\n    return 2 * number", "<nowhere>", "exec")
    (inner,) = (each for each in code.co_consts if isinstance(each, CodeType))
    double = compiled(FunctionType(inner, {"__name__": "nowhere"}, "double"))
    assert double(21) == 42


def test_commands_that_count_nothing_do_not_wait_for_the_compiler() -> None:
    text = "import kehu.cli.main, sys; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", text], check=False).returncode == 0
