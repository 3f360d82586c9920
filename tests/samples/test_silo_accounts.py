"""Nine real lists: the shipped rules of identity against what is known of half the accounts."""

from pathlib import Path

import polars as pl
import pytest
from tests.samples.command import kehu

SAMPLE = Path(__file__).parents[2] / "examples" / "silo_accounts"


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pl.DataFrame]:
    """The accounts by keys alone, and as if sure suggestions were approved."""
    root = tmp_path_factory.mktemp("silo")
    for name in ("sources", "data", "kehu.toml"):
        (root / name).symlink_to(SAMPLE / name)
    for arguments in (
        ("load",),
        ("identity", "export", "-o", str(root / "keys.csv")),
        ("identity", "export", "--suggested", "0.9", "-o", str(root / "approved.csv")),
    ):
        done = kehu(*arguments, "-w", str(root))
        assert done.code == 0, done.err
    return {name: pl.read_csv(root / f"{name}.csv", infer_schema=False) for name in ("keys", "approved")}


def _pairs(frame: pl.DataFrame, *by: str) -> int:
    return int(frame.group_by(by).len().select((pl.col("len").cast(pl.Int64) * (pl.col("len") - 1) // 2).sum()).item())


def _judged(accounts: pl.DataFrame) -> tuple[float, float]:
    """Precision and recall over pairs of accounts whose site is known."""
    truth = pl.read_csv(SAMPLE / "data" / "truth_dev.csv", infer_schema=False)
    known = accounts.join(truth, left_on="record_key", right_on="record_id")
    assert len(known) == len(truth)
    right = _pairs(known, "customer_id", "entity_id")
    return right / _pairs(known, "customer_id"), right / _pairs(known, "entity_id")


def test_every_account_is_exported_once(exported: dict[str, pl.DataFrame]) -> None:
    keys = exported["keys"].select("source", "record_key")
    assert (len(keys), keys.n_unique()) == (3337, 3337)


@pytest.mark.parametrize(("name", "least_precision", "least_recall"), [("keys", 0.97, 0.8), ("approved", 0.9, 0.9)])
def test_accounts_of_one_site_are_one_customer(
    name: str, least_precision: float, least_recall: float, exported: dict[str, pl.DataFrame]
) -> None:
    precision, recall = _judged(exported[name])
    assert precision >= least_precision
    assert recall >= least_recall
