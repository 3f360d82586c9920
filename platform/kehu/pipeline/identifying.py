"""What resolving came to: figures, and whose every record is."""

from collections import Counter
from collections.abc import Mapping, Sequence

import polars as pl
from sqlalchemy import Engine

from kehu.identity.evidence import LEFT, RIGHT
from kehu.identity.islands import islands
from kehu.identity.keys import identity_keys
from kehu.identity.locks import with_locks
from kehu.identity.resolve import resolve
from kehu.identity.suggestions import suggested
from kehu.pipeline.identity_review import answered_pairs
from kehu.pipeline.identity_rules import workspace_identity
from kehu.pipeline.transactions import reading
from kehu.store.identified import read_assignments, read_identified
from kehu.store.identity_decisions import all_decisions, decided_pairs, read_locked
from kehu.workspace.workspace import Workspace

_LARGEST = 10


def statistics(workspace: Workspace, engine: Engine) -> dict[str, object]:
    """Figures of the records and customers as they stand, and of every key what it joins."""
    rules = workspace_identity(workspace)
    with reading(engine) as connection:
        records = read_identified(connection, workspace.settings.phone_region)
        decided = decided_pairs(connection)
        decisions, locked = all_decisions(connection), read_locked(connection)
    sizes = records.group_by("uid").agg(
        records=pl.len(), systems=pl.col("system").n_unique(), name=pl.col("name").drop_nulls().first()
    )
    contested = resolve(with_locks(records, locked), rules, decided).contested
    largest = sizes.sort("records", "uid", descending=[True, False]).head(_LARGEST)
    standing = Counter(each.kind for each in decisions if each.ended_at is None)
    return {
        "records": len(records),
        "listed": int((records["origin"] == "file").sum()),
        "mentioned": int((records["origin"] == "mention").sum()),
        "customers": len(sizes),
        "of_several_records": int((sizes["records"] > 1).sum()),
        "of_several_systems": int((sizes["systems"] > 1).sum()),
        "systems": records.group_by("system")
        .agg(records=pl.len(), customers=pl.col("uid").n_unique())
        .sort("system")
        .to_dicts(),
        "keys": _key_figures(records, identity_keys(records, rules), ["source", *(rule.code for rule in rules.keys)]),
        "contested": contested.select("rule", "key", "because").unique().height,
        "decisions": {
            **{kind: standing[kind] for kind in ("same", "different", "dismissed", "lock")},
            "taken_back": len(decisions) - standing.total(),
        },
        "largest": largest.select(customer="uid", name="name", records="records").to_dicts(),
    }


def _key_figures(records: pl.DataFrame, keys: pl.DataFrame, codes: Sequence[str]) -> list[Mapping[str, object]]:
    """Of each rule the records that bear a key of it with others, and the customers there would be by it alone."""
    shared = keys.filter(pl.col("id").n_unique().over("rule", "key") > 1)
    return [
        {
            "key": code,
            "records": shared.filter(pl.col("rule") == number)["id"].n_unique(),
            "customers_by_it_alone": islands(records["id"], keys.filter(pl.col("rule") == number)).n_unique(),
        }
        for number, code in enumerate(codes)
    ]


def assignments(
    workspace: Workspace, engine: Engine, *, mentions: bool = False, suggestions: float | None = None
) -> pl.DataFrame:
    """Columns source, record_key, customer_id, ordered by the first two; with `mentions` those on waybills too.

    With `suggestions` the customers are as they would be if every suggestion of that probability were approved.
    """
    with reading(engine) as connection:
        found = read_assignments(connection)
    if suggestions is not None:
        found = _approved(found, _pairs(workspace, engine, suggestions))
    chosen = found if mentions else found.filter(pl.col("origin") == "file")
    return chosen.select(source="system", record_key="key", customer_id="customer").sort("source", "record_key")


def _pairs(workspace: Workspace, engine: Engine, least: float) -> pl.DataFrame:
    """Suggestions of that probability or more, without those that a person has answered."""
    rules = workspace_identity(workspace)
    with reading(engine) as connection:
        records = read_identified(connection, workspace.settings.phone_region)
        answered = answered_pairs(connection)
    pairs = suggested(records, rules, least=least)
    low, high = pl.min_horizontal(f"{LEFT}uid", f"{RIGHT}uid"), pl.max_horizontal(f"{LEFT}uid", f"{RIGHT}uid")
    named = pairs.with_columns(low=low, high=high)
    return named.join(answered, on=["low", "high"], how="anti", maintain_order="left")


def _approved(found: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """The assignments with suggested pairs joined; the lesser uid stands for both."""
    uids = found["customer"].unique().sort()
    numbered = pl.DataFrame({"id": uids})
    links = pairs.select(f"{LEFT}uid", f"{RIGHT}uid").with_row_index("key").cast({"key": pl.String()})
    sides = [links.select("key", id=f"{side}uid") for side in (LEFT, RIGHT)]
    joined = numbered.with_columns(islands(uids, pl.concat(sides)))
    together = joined.with_columns(one=pl.col("id").min().over("island")).select(customer="id", one="one")
    return found.join(together, on="customer").drop("customer").rename({"one": "customer"})
