"""What resolving came to: figures, whose every record is, and which customers may be one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from sqlalchemy import Engine

from kehu.identity.evidence import COMPARISONS, LEFT, RIGHT
from kehu.identity.islands import islands
from kehu.identity.keys import identity_keys
from kehu.identity.resolve import resolve
from kehu.identity.suggestions import suggested
from kehu.pipeline.identity_rules import workspace_identity
from kehu.pipeline.transactions import reading
from kehu.store.identified import read_assignments, read_identified
from kehu.store.identity_decisions import all_decisions, decided_pairs
from kehu.workspace.workspace import Workspace

_LARGEST = 10


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one field says: both values, how alike they are (None: unknown), and the bits for (+) or against (-)."""

    field: str
    left: str | None
    right: str | None
    grade: str | None
    bits: float


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two customers that may be one: their uids, and names, and the records that say most about it."""

    left: str
    right: str
    left_name: str | None
    right_name: str | None
    left_record: str
    right_record: str
    probability: float
    evidence: tuple[Evidence, ...]


def statistics(workspace: Workspace, engine: Engine) -> dict[str, object]:
    """Figures of the records and customers as they stand, and of every key what it joins."""
    rules = workspace_identity(workspace)
    with reading(engine) as connection:
        records = read_identified(connection, workspace.settings.phone_region)
        decided = decided_pairs(connection)
        decisions = all_decisions(connection)
    sizes = records.group_by("uid").agg(
        records=pl.len(), systems=pl.col("system").n_unique(), name=pl.col("name").drop_nulls().first()
    )
    contested = resolve(records, rules, decided).contested
    largest = sizes.sort("records", "uid", descending=[True, False]).head(_LARGEST)
    standing = [each for each in decisions if each.ended_at is None]
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
            "same": sum(each.same for each in standing),
            "different": sum(not each.same for each in standing),
            "taken_back": len(decisions) - len(standing),
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
        found = _approved(found, _pairs(workspace, engine, suggestions)[1])
    chosen = found if mentions else found.filter(pl.col("origin") == "file")
    return chosen.select(source="system", record_key="key", customer_id="customer").sort("source", "record_key")


def review(workspace: Workspace, engine: Engine, *, least: float) -> tuple[Suggestion, ...]:
    """Customers that may be one with that probability or more, the surest first.

    Those of whom a person has said that they are not the same are left out.
    """
    records, pairs = _pairs(workspace, engine, least)
    by_id = {row["id"]: row for row in _shown(records, pairs).iter_rows(named=True)}
    return tuple(_suggestion(row, by_id) for row in pairs.iter_rows(named=True))


def _pairs(workspace: Workspace, engine: Engine, least: float) -> tuple[pl.DataFrame, pl.DataFrame]:
    rules = workspace_identity(workspace)
    with reading(engine) as connection:
        records = read_identified(connection, workspace.settings.phone_region)
        decisions = all_decisions(connection)
    found = suggested(records, rules, least=least)
    owner = {(row[0], row[1], row[2]): row[3] for row in records.select("origin", "system", "key", "uid").iter_rows()}
    told_apart = [
        sorted((left, right))
        for each in decisions
        if each.ended_at is None
        and not each.same
        and (left := owner.get((each.left.origin, each.left.system, each.left.key)))
        and (right := owner.get((each.right.origin, each.right.system, each.right.key)))
    ]
    apart = pl.DataFrame(told_apart, schema={f"{LEFT}uid": pl.String(), f"{RIGHT}uid": pl.String()}, orient="row")
    return records, found.join(apart, on=[f"{LEFT}uid", f"{RIGHT}uid"], how="anti", maintain_order="left")


def _shown(records: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    wanted = pl.concat([pairs[f"{LEFT}id"], pairs[f"{RIGHT}id"]]).unique()
    return records.filter(pl.col("id").is_in(wanted.implode()))


def _suggestion(row: Mapping[str, object], by_id: Mapping[object, Mapping[str, str | None]]) -> Suggestion:
    left, right = by_id[row[f"{LEFT}id"]], by_id[row[f"{RIGHT}id"]]
    evidence = []
    for comparison in COMPARISONS:
        grade = row[comparison.field]
        said = comparison.grades[grade] if isinstance(grade, int) else None
        bits = row[f"bits_{comparison.field}"]
        shown = round(bits, 1) if isinstance(bits, float) else 0.0
        evidence.append(Evidence(comparison.field, left[comparison.field], right[comparison.field], said, shown))
    probability = row["probability"]
    return Suggestion(
        str(row[f"{LEFT}uid"]),
        str(row[f"{RIGHT}uid"]),
        left["name"],
        right["name"],
        f"{left['system']}:{left['key']}",
        f"{right['system']}:{right['key']}",
        round(probability, 4) if isinstance(probability, float) else 0.0,
        tuple(evidence),
    )


def _approved(found: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """The assignments with suggested pairs joined; the lesser uid stands for both."""
    uids = found["customer"].unique().sort()
    numbered = pl.DataFrame({"id": uids})
    links = pairs.select(f"{LEFT}uid", f"{RIGHT}uid").with_row_index("key").cast({"key": pl.String()})
    sides = [links.select("key", id=f"{side}uid") for side in (LEFT, RIGHT)]
    joined = numbered.with_columns(islands(uids, pl.concat(sides)))
    together = joined.with_columns(one=pl.col("id").min().over("island")).select(customer="id", one="one")
    return found.join(together, on="customer").drop("customer").rename({"one": "customer"})
