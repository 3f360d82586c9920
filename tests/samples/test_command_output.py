"""What `kehu load --json` and `kehu resegment --json` print for every sample."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import polars as pl
import pytest

SAMPLES = ("carrier", "northwind", "online_retail", "scms")
# Rule sets that a sample has beside the shipped ones.
OWN_RULE_SETS = {"online_retail": {"rfm"}}
GetSample = Callable[[str], Any]


@pytest.mark.parametrize("name", SAMPLES)
def test_every_row_is_accounted_for(sample: GetSample, name: str) -> None:
    for file in [*sample(name).load["files"], *sample(name).second_load["files"]]:
        assert list(file) == ["source", "file", "read", "loaded", "unchanged", "quarantined", "refused"]
        assert file["read"] == file["loaded"] + file["unchanged"] + file["quarantined"]
        assert file["refused"] == 0


@pytest.mark.parametrize("name", SAMPLES)
def test_loading_twice_changes_nothing(sample: GetSample, name: str) -> None:
    first, second = sample(name).load["files"], sample(name).second_load["files"]
    assert [file["loaded"] for file in second] == [0] * len(first)
    assert [file["unchanged"] for file in second] == [file["loaded"] for file in first]
    assert [file["quarantined"] for file in second] == [file["quarantined"] for file in first]
    assert sample(name).second_load["customers"] is None


@pytest.mark.parametrize(
    ("name", "read", "code", "customers"),
    [("northwind", 930, 0, 91), ("online_retail", 13_842, 0, 3_360), ("scms", 10_324, 0, 142 + 73)],
)
def test_a_real_sample_loads_whole(sample: GetSample, name: str, read: int, code: int, customers: int) -> None:
    made = sample(name)
    assert sum(file["read"] for file in made.load["files"]) == read
    assert sum(file["loaded"] for file in made.load["files"]) == read
    assert made.load_code == code
    assert made.load["customers"]["customers"] == customers
    assert made.run["customers"] == customers


def test_the_carriers_malformed_rows_are_quarantined_and_no_others(sample: GetSample) -> None:
    made = sample("carrier")
    truth = pl.read_csv(made.root / "data" / "truth" / "malformed.csv")
    counted = {file["file"].removeprefix("data/"): file["quarantined"] for file in made.load["files"]}
    malformed = dict(
        truth.filter(~pl.col("file").str.contains("#")).unique(["file", "line"]).group_by("file").len().rows()
    )
    assert {name: count for name, count in counted.items() if count} == malformed
    assert made.load_code == (3 if malformed else 0)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_run_is_told_whole(sample: GetSample, name: str) -> None:
    run = sample(name).run
    assert list(run) == [
        "run", "as_of", "customers", "levels", "warnings", "entered", "left", "fired", "cleared",
        "slipping", "by_hand", "row_errors", "recount", "seconds", "stages", "held", "published",
    ]  # fmt: skip
    assert (run["run"], run["published"], run["row_errors"]) == (1, True, {})
    assert datetime.fromisoformat(run["as_of"]).utcoffset() is not None
    assert sum(run["levels"]["service_tier"].values()) == run["customers"]
    assert sum(run["levels"]["lifecycle"].values()) == run["customers"]
    shipped = {
        "lifecycle", "service_tier", "size_class", "vip", "project_customer", "order_accumulation", "order_amount",
        "value_class",
    }  # fmt: skip
    assert set(run["levels"]) - OWN_RULE_SETS.get(name, set()) == shipped
    assert run["fired"] == sum(run["warnings"].values())
