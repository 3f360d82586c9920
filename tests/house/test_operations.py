"""The lines of docs/operations.md do what they say, run by the shell as cron, systemd and Airflow run them."""

import configparser
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from kehu.workspace.workspace import Workspace

GUIDE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
SOURCE = """
source: crm
format: csv
files: data/crm.csv
key: no
records:
  - customer: {name: name}
"""


def block(language: str, containing: str) -> str:
    """The one block of the guide in the language that holds a text."""
    blocks: list[str] = re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    (found,) = [block for block in blocks if containing in block]
    return found


def quarantining() -> str:
    """The line that goes on when rows went to quarantine."""
    (found,) = re.findall(r"`(\{ kehu load .*?)`", GUIDE)
    return f"export KEHU_WORKSPACE=/srv/kehu; {found}"


def unit(containing: str) -> configparser.ConfigParser:
    """A systemd unit of the guide."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[method-assign,assignment]
    parser.read_string(block("ini", containing))
    return parser


def of_systemd() -> str:
    """What the service runs, with its environment."""
    service = unit("ExecStart")["Service"]
    return f"{service['Environment']} {service['ExecStart']}"


def of_airflow() -> str:
    """What the task runs, with Airflow's own instant filled in."""
    (found,) = re.findall(r'bash_command="(.*?)"', block("python", "BashOperator"))
    return str(found).replace("{{ data_interval_end }}", "2026-03-01T18:00:00+00:00")


LINES: dict[str, Callable[[], str]] = {
    "cron": lambda: block("cron", "kehu").split(maxsplit=5)[5],
    "systemd": of_systemd,
    "airflow": of_airflow,
    "with rows in quarantine": quarantining,
}


@pytest.mark.parametrize("who", LINES)
def test_a_line_loads_and_publishes(who: str, make_workspace: Callable[..., Workspace]) -> None:
    rows = "no,name\nC1,Alpha Ltd\n" + ("C2,Beta,Ltd\n" if "quarantine" in who else "")
    root = make_workspace({"sources/crm.yaml": SOURCE, "data/crm.csv": rows}).root
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    line = LINES[who]().replace("/srv/kehu", str(root))
    done = subprocess.run(["sh", "-c", line], env={**os.environ, "PATH": path}, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    engine = create_engine(f"sqlite:///{root}/kehu.sqlite3")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT state, customers FROM runs")).all() == [("published", 1)]
    engine.dispose()


def test_the_timer_wakes_the_service_every_night() -> None:
    timer = unit("OnCalendar")
    assert dict(timer["Timer"]) == {"OnCalendar": "*-*-* 02:00:00 Asia/Shanghai", "Persistent": "true"}
    assert unit("ExecStart")["Service"]["Type"] == "oneshot"


def test_every_metric_of_the_guide_is_told_and_every_one_told_is_in_the_guide() -> None:
    source = (Path(__file__).parents[2] / "graphql" / "kehu_graphql" / "metrics.py").read_text(encoding="utf-8")
    assert set(re.findall(r"\bkehu_[a-z_]+\b", GUIDE)) == set(re.findall(r'"(kehu_[a-z_]+)"', source))
