"""A run's own process: one at a time, ended when it is told to."""

from pathlib import Path

import pytest

from kehu.model.problems import RefusedError
from kehu.workspace.workspace import open_workspace
from kehu_graphql.running import Runner

# Something that goes on until it is told to end.
ENDLESS = ("serve", "--port", "1")


def test_a_run_goes_on_until_it_is_ended_and_is_alone(opened_office: Path) -> None:
    runner = Runner(open_workspace(opened_office, {}))
    assert not runner.is_running()
    runner.start(ENDLESS)
    assert runner.is_running()
    with pytest.raises(RefusedError, match="another run goes on"):
        runner.start(ENDLESS)
    runner.end()
    assert not runner.is_running()
    assert runner.said() == ""
    runner.close()


def test_what_never_began_is_ended_already(opened_office: Path) -> None:
    runner = Runner(open_workspace(opened_office, {}))
    runner.close()
    assert runner.said() == ""
