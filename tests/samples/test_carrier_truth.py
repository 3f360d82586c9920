"""The generated carrier's truth tells of its customers as they were loaded."""

import json
from collections.abc import Callable
from typing import Any

import polars as pl
from tests.samples.command import kehu

from kehu.pipeline.truth import read_truth
from kehu.store.database import open_database
from kehu.workspace.workspace import open_workspace

GetSample = Callable[[str], Any]


def test_every_leaver_is_found_among_the_loaded_customers(sample: GetSample) -> None:
    root = sample("carrier").root
    engine = open_database(open_workspace(root, {}).settings.database_url)
    truth = read_truth(root / "data" / "truth" / "churn.csv", engine, "Asia/Shanghai")
    engine.dispose()
    days = truth.outcomes["left_at"].drop_nulls().dt.convert_time_zone("Asia/Shanghai")
    told = pl.read_csv(root / "data" / "truth" / "churn.csv", try_parse_dates=True)["churned_on"]
    assert set(days.dt.date().to_list()) == set(told.to_list())
    assert not any(note.startswith("unknown here") for note in truth.notes)
    assert sample("carrier").run["customers"] - truth.outcomes.height <= 5


def test_a_backtest_takes_the_truth(sample: GetSample) -> None:
    root = sample("carrier").root
    command = ("rules", "backtest", "churn_warning", "--json", "-w", str(root))
    told = ("--truth", str(root / "data" / "truth" / "churn.csv"))
    by_silence, by_truth = (json.loads(kehu(*command, *more).out) for more in ((), told))
    assert (by_silence["truth"], by_truth["truth"]) == (None, "churn.csv")
    assert [cutoff["day"] for cutoff in by_truth["cutoffs"]] == [cutoff["day"] for cutoff in by_silence["cutoffs"]]
    assert sum(cutoff["left"] for cutoff in by_truth["cutoffs"]) > 0
    assert [sign["name"] for sign in by_truth["signs"]] == [sign["name"] for sign in by_silence["signs"]]
