"""kehu resegment --engine spark, as a user types it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.spark.test_runs import loaded, write_workspace

# A file, since Spark's client takes 'python -c' for a run of its own documentation's examples.
_KEHU = """
import sys
if sys.argv[1]:
    sys.modules[sys.argv[1]] = None
del sys.argv[1]
from kehu.cli.main import main
main()
"""


def kehu(folder: str, *arguments: str, missing: str = "") -> subprocess.CompletedProcess[str]:
    """Run `kehu resegment` there in a process of its own, as if a package were `missing`."""
    script = Path(folder) / "kehu_command.py"
    script.write_text(_KEHU, encoding="utf-8")
    command = [sys.executable, str(script), missing, "resegment", "--as-of", "2026-02-10", "-w", folder, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def folder(spark_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A loaded workspace that names its Spark, and computes by Polars unless told."""
    root: Path = tmp_path_factory.mktemp("command")
    with loaded(write_workspace(root, f'spark_url = "{spark_url}"\n')):
        yield str(root)


def test_a_run_on_spark_is_published(folder: str) -> None:
    done = kehu(folder, "--engine", "spark", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["customers"] == 40
    # Polars runs without the client.
    changes = json.loads(kehu(folder, "--dry-run", "--json", missing="pyspark").stdout)
    assert (changes["entered"], changes["left"], changes["fired"], changes["cleared"]) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("_case", "engine", "missing", "said"),
    [
        ("a slip", "sprk", "", "'sprk' is not an engine (did you mean 'spark'?)"),
        ("without the client", "spark", "pyspark", "Spark's client is not installed: "),
    ],
)
def test_an_engine_that_is_not_there_is_refused(folder: str, _case: str, engine: str, missing: str, said: str) -> None:
    done = kehu(folder, "--engine", engine, missing=missing)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
