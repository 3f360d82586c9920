"""Every shipped feature of every real sample's customers is in the mirror what it is in the database."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kehu.pipeline.facts import Present
from kehu.pipeline.rule_directory import read_rule_directory
from kehu.pipeline.snapshots import Mirrored, take_snapshot
from kehu.store.database import open_database
from kehu.store.reading import latest_event
from kehu.workspace.workspace import open_workspace

# Before the latest event by so much: on its very instant, an hour, a month, more than a year; and long after it.
BACK = [timedelta(days=days) for days in (0, 1 / 24, 30, 400, -500)]


@pytest.mark.parametrize("name", ["northwind", "scms", "online_retail"])
def test_the_mirror_gives_every_feature_of_a_real_sample(
    name: str, sample: Callable[[str], Any], tmp_path: Path
) -> None:
    workspace = open_workspace(sample(name).root, {})
    engine = open_database(workspace.settings.database_url)
    catalogue, _, _ = read_rule_directory(workspace)
    with engine.connect() as connection:
        latest = latest_event(connection)
    assert latest is not None
    mirrored, read = (
        take_snapshot(Present(engine, folder, lambda _what, _rows: None), [catalogue])
        for folder in (tmp_path / "mirror", None)
    )
    engine.dispose()
    assert isinstance(mirrored, Mirrored)
    different = []
    for back in BACK:
        found, expected = (each.features(catalogue, latest - back) for each in (mirrored, read))
        assert found.schema == expected.schema
        assert found.columns == ["customer", *catalogue.schema]
        different += [
            (back.days, column)
            for column in expected.columns
            if not found[column].equals(expected[column], null_equal=True)
        ]
    assert different == []
