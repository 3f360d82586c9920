#!/usr/bin/env python3
"""The fresh-machine entry: sets everything up, then runs the job. Needs Python 3.11+ and nothing else."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent
UV_VERSION = "0.13.9"
CACHE = ROOT / ".cache"
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
SOURCE_ROOTS = ("platform", "graphql", "loaders")
EXAMPLES = ("carrier", "northwind", "online_retail", "scms", "silo_accounts")
PUBLIC_REGISTRY = "https://pypi.org/simple"


def main() -> int:
    """Set up, run the job, and return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, epilog="what follows the job is passed on to it")
    parser.add_argument("job", choices=sorted(JOBS), help="what to run")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if sys.version_info < (3, 11):  # noqa: UP036  # this very file is what an older Python is told it by
        return complain(f"Kehu needs Python 3.11 or newer; this is {sys.version.split()[0]}")
    os.chdir(ROOT)
    try:
        set_up(GROUPS.get(chosen.job, ()))
    except SetUpError as error:
        return complain(str(error))
    return JOBS[chosen.job](chosen.arguments)


class SetUpError(Exception):
    """What is missing, in one line that says what to install."""


def set_up(groups: Sequence[str]) -> None:
    """Bring .venv to exactly what uv.lock says, with those groups, and fetch the IDE's pinned files."""
    uv = find_uv()
    # Compiled once here, every later start of the command takes a third of the time.
    locked = [*uv, "sync", "--frozen", "--quiet", "--compile-bytecode", "--python", sys.executable]
    locked += [f"--group={name}" for name in groups]
    variables = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(VENV), "UV_PYTHON_DOWNLOADS": "never"}
    variables.pop("VIRTUAL_ENV", None)
    if subprocess.run(locked, env=variables, check=False).returncode:
        raise SetUpError("the packages in uv.lock could not be installed; is the package index reachable?")
    # The project's own files are linked, not installed, so they are compiled here.
    run_python("-m", "compileall", "-q", *SOURCE_ROOTS)
    if run_python("-m", "kehu_graphql.ide.install"):
        raise SetUpError("the IDE's files could not be installed; is the npm registry reachable?")


def find_uv() -> list[str]:
    """The uv to call: the one on PATH, or a pinned one in a private environment."""
    found = shutil.which("uv")
    if found:
        return [found]
    private = CACHE / f"uv-{UV_VERSION}"
    command = private / ("Scripts/uv.exe" if os.name == "nt" else "bin/uv")
    if not command.exists():
        install_uv(private)
    return [str(command)]


def install_uv(private: Path) -> None:
    """Put the pinned uv into its own environment; moved into place only when complete."""
    draft = private.with_name(private.name + ".part")
    shutil.rmtree(draft, ignore_errors=True)
    sys.stderr.write(f"no uv on PATH: installing uv {UV_VERSION} into {private.relative_to(ROOT)}\n")
    made = subprocess.run([sys.executable, "-m", "venv", str(draft)], check=False, capture_output=True, text=True)
    if made.returncode:
        raise SetUpError(
            "Python's venv module does not work here: install it (Debian: apt-get install python3-venv) or uv"
        )
    python = draft / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"uv=={UV_VERSION}"]
    if subprocess.run(pip, check=False).returncode:
        raise SetUpError(
            f"uv {UV_VERSION} could not be installed; is the package index reachable? Or install uv yourself"
        )
    draft.rename(private)


def demo(arguments: Sequence[str]) -> int:
    """Load the sample workspaces and a generated carrier, segment them, serve them."""
    return run_python("-m", "kehu.cli", "demo", *arguments)


def test(arguments: Sequence[str]) -> int:
    """Run the tests; everything, the slow proofs too, several files at a time unless told what to run."""
    return run_python("-m", "pytest", *(arguments or FILES_AT_A_TIME))


def bench(arguments: Sequence[str]) -> int:
    """Run the benchmarks named, or all of them, one after the other."""
    found = sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py"))
    unknown = [name for name in arguments if name not in found]
    if unknown:
        return complain(f"no benchmark '{unknown[0]}'; there are {', '.join(found)}")
    codes = [run_python(f"benchmarks/{name}.py") for name in arguments or found]
    return max(codes, default=0)


def check(arguments: Sequence[str]) -> int:
    """Format, lint, types, import contracts, lock file, docs and rule files; every step is run and told."""
    if arguments:
        return complain(f"check takes no arguments, got '{arguments[0]}'")
    with ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 1)) as workers:
        steps = {name: workers.submit(told, name, step) for name, step in CHECKS.items()}
    failed = [name for name, step in steps.items() if not step.result()]
    sys.stdout.write(f"failed: {', '.join(failed)}\n" if failed else "all checks passed\n")
    return 1 if failed else 0


def told(name: str, step: Sequence[Sequence[str]]) -> bool:
    """Run the commands of a step and print what failed, how it went and how long it took.

    Every command runs, also after one that failed; steps run beside each other, so each is printed in one piece.
    """
    begun = time.perf_counter()
    done = [
        subprocess.run(
            [str(PYTHON), *command], env=environment(), check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        for command in step
    ]
    fine = not any(each.returncode for each in done)
    said = b"".join(each.stdout for each in done if each.returncode).decode(errors="replace")
    sys.stdout.write(f"{said}{'ok  ' if fine else 'FAIL'} {name} ({time.perf_counter() - begun:.1f} s)\n")
    sys.stdout.flush()
    return fine


def run_python(*arguments: str) -> int:
    """Run the environment's Python; returns its exit code, also when interrupted."""
    with subprocess.Popen([str(PYTHON), *arguments], env=environment()) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue  # the child got it too and ends by itself


def environment() -> dict[str, str]:
    """The environment's variables: its own programs first on PATH, texts in UTF-8."""
    path = f"{PYTHON.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "PYTHONUTF8": "1", "VIRTUAL_ENV": str(VENV), "PATH": path}


def complain(message: str) -> int:
    """One line on standard error; the exit code of wrong usage."""
    sys.stderr.write(f"{message}\n")
    return 2


def lock_problems(text: str) -> list[str]:
    """Registries named in a uv.lock other than the public default."""
    return sorted(set(re.findall(r'registry = "([^"]+)"', text)) - {PUBLIC_REGISTRY})


# What a job needs beside the packages that developers have anyway.
GROUPS = {"bench": ("bench",)}
# One more than there are processors: tests wait for processes and servers for a sixth of their time.
FILES_AT_A_TIME = ("-n", str((os.cpu_count() or 1) + 1), "--dist", "loadfile", "--no-loadscope-reorder")
JOBS = {"demo": demo, "test": test, "check": check, "bench": bench}
CHECKS: dict[str, Sequence[Sequence[str]]] = {
    "format": [["-m", "ruff", "format", "--check", "--quiet", "."]],
    "lint": [["-m", "ruff", "check", "--quiet", "--no-cache", "."]],
    "types": [["-m", "mypy"]],
    "imports": [["-c", "import sys; from importlinter.cli import lint_imports_command as c; sys.exit(c())"]],
    "lock, layout and docs": [["-m", "pytest", "-q", "--no-header", "tests/house"]],
    "rules": [["-m", "kehu.cli", "rules", "check", "-w", f"examples/{name}"] for name in EXAMPLES],
    "rule cases": [["-m", "kehu.cli", "rules", "test", "-w", f"examples/{name}"] for name in ("carrier", "scms")],
}

if __name__ == "__main__":
    sys.exit(main())
