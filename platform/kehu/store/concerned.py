"""Whom new, changed and removed records concern: all that must be resolved anew with them, and nobody else."""

from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection, column, select, table

from kehu.identity.locks import with_locks
from kehu.identity.resolve import RECORD_SEPARATOR, anchors, normalised
from kehu.identity.rules import IdentityRules
from kehu.identity.values import is_source_key, joining_values, most_names
from kehu.store.among import among
from kehu.store.bulk import read_frame, stage
from kehu.store.identity_index import bearers_of, parted_with, values_of
from kehu.tables.facts import customer_records, source_records

_ENTITIES = {"0": "customer", "1": "mention"}


@dataclass(frozen=True, slots=True)
class Said:
    """What people say: `pairs` as resolving takes them, and the records of locked customers, by origin, system, key."""

    pairs: pl.DataFrame
    locked: pl.DataFrame

    def changed_names(self, before: "Said") -> pl.Series:
        """The names of records of which something else is said than before."""
        if self.pairs.equals(before.pairs) and self.locked.equals(before.locked):
            return pl.Series("left", [], dtype=pl.String)
        pairs = _either_alone(self.pairs, before.pairs)
        locked = _either_alone(self.locked.select(name=anchors()), before.locked.select(name=anchors()))
        return pl.concat([pairs["left"], pairs["right"].alias("left"), locked["name"].alias("left")])


@dataclass(frozen=True, slots=True)
class Concerned:
    """`records`: as `normalised` has them, all of the islands concerned; `ids` has those too that are no more.

    `open_records`: the same without what locks forbid. `values`: theirs, as `joining_values` has them. `context`:
    others, likewise, that bear a value of theirs, as many as it takes to tell which names stand at it.
    """

    ids: pl.Series
    records: pl.DataFrame
    open_records: pl.DataFrame
    values: pl.DataFrame
    context: pl.DataFrame


@dataclass(frozen=True, slots=True)
class _Borne:
    """Records, the same without what locks forbid, and the values that can join them."""

    records: pl.DataFrame
    open_records: pl.DataFrame
    values: pl.DataFrame

    def with_others(self, others: "_Borne") -> "_Borne":
        pairs = ((getattr(self, name), getattr(others, name)) for name in ("records", "open_records", "values"))
        return _Borne(*(pl.concat(pair) for pair in pairs))


@dataclass(frozen=True, slots=True)
class Reach:
    """Finds whom records concern, by the index of the last resolution and what people said then and say now."""

    connection: Connection
    rules: IdentityRules
    phone_region: str
    before: Said
    now: Said

    def concerned_by(self, changed: pl.Series) -> Concerned:
        """Everybody whom new, changed and removed records concern.

        A record's keys change only with the bearers of its values. So whoever bears a value that a changed record
        bore or bears may be joined differently, and with it the island that it was in; all others bear the keys they
        bore.
        """
        told = records_named(self.connection, self.now.changed_names(self.before))
        changed = self._with_accounts(pl.concat([changed, told]).unique())
        fresh = self._borne(changed)
        values = pl.concat([values_of(self.connection, changed), fresh.values["value"]]).unique()
        neighbours = self._joining(bearers_of(self.connection, values), changed)["record_id"]
        seeds = pl.concat([changed, neighbours, self._partners(fresh.records)]).unique()
        islanders = pl.concat([seeds, parted_with(self.connection, seeds)]).unique()
        ids = pl.concat([islanders, _of_their_customers(self.connection, islanders)]).unique()
        every = fresh.with_others(self._borne(_without(ids, changed)))
        context = self._context(ids, every)
        return Concerned(ids, every.records, every.open_records, every.values, context)

    def _borne(self, ids: pl.Series) -> "_Borne":
        records = self._read(ids)
        open_records = self._without_locked(records)
        return _Borne(records, open_records, joining_values(records, open_records, self.rules))

    def _read(self, ids: pl.Series) -> pl.DataFrame:
        return normalised(read_customer_records(self.connection, ids), self.phone_region)

    def _without_locked(self, records: pl.DataFrame) -> pl.DataFrame:
        """The records without what locks forbid; that depends on the accounts of locked records elsewhere."""
        if self.now.locked.is_empty() or records.is_empty():
            return records
        members = records_named(self.connection, self.now.locked.select(anchors()).to_series())
        elsewhere = self._read(_without(members, records["id"]))
        every = with_locks(pl.concat([records, elsewhere.select(records.columns)]), self.now.locked)
        return every.join(records, on="id", how="semi")

    def _with_accounts(self, changed: pl.Series) -> pl.Series:
        """The records, and with each that is or was locked those that name an account that it names."""
        locked = pl.concat([self.now.locked, self.before.locked]).unique()
        if locked.is_empty():
            return changed
        members = records_named(self.connection, locked.select(anchors()).to_series())
        touched = members.filter(members.is_in(changed.implode()))
        if touched.is_empty():
            return changed
        values = pl.concat([values_of(self.connection, touched), self._borne(touched).values["value"]])
        accounts = values.unique().to_frame("value").filter(is_source_key())["value"]
        return pl.concat([changed, bearers_of(self.connection, accounts)["record_id"]]).unique()

    def _joining(self, bearers: pl.DataFrame, changed: pl.Series) -> pl.DataFrame:
        """The unchanged bearers of values that can have joined them, before or now.

        A value that stands under too many names without the changed records did and does so with them.
        """
        others = bearers.filter(~pl.col("record_id").is_in(changed.implode()))
        names = pl.col("name").drop_nulls().n_unique().over("value")
        return others.filter(names.le(most_names(self.rules)).fill_null(value=True))

    def _partners(self, fresh: pl.DataFrame) -> pl.Series:
        """The records of which something is or was decided beside one of these."""
        said = pl.concat([self.now.pairs, self.before.pairs])
        if said.is_empty():
            return fresh["id"].clear()
        names = fresh.select(anchors()).to_series().implode()
        sides = [
            said.filter(pl.col(one).is_in(names)).select(name=other)
            for one, other in (("left", "right"), ("right", "left"))
        ]
        return records_named(self.connection, pl.concat(sides)["name"])

    def _context(self, ids: pl.Series, borne: _Borne) -> pl.DataFrame:
        values = borne.values["value"].unique().to_frame().filter(~is_source_key())["value"]
        others = bearers_of(self.connection, values).filter(~pl.col("record_id").is_in(ids.implode()))
        if others.is_empty():
            return borne.open_records.clear()
        joining = self._joining(others, ids)
        # Of a value under too many names one record for each name, up to one name too many, says so as well as all.
        shared = others.join(joining, on="value", how="anti").drop_nulls("name").sort("value", "name", "record_id")
        first = shared.unique(["value", "name"], keep="first", maintain_order=True)
        few = first.filter(pl.int_range(pl.len()).over("value") <= most_names(self.rules))
        found = pl.concat([joining, few])["record_id"].unique()
        return self._without_locked(self._read(found))


def records_named(connection: Connection, names: pl.Series) -> pl.Series:
    """The ids of the records that have these names, as `anchors` gives them; unknown ones are left out."""
    if names.is_empty():
        return pl.Series("id", [], dtype=pl.Int64)
    parts = names.unique().str.splitn(RECORD_SEPARATOR, 3).struct.rename_fields(["rank", "system", "key"])
    named = parts.struct.unnest().with_columns(entity=pl.col("rank").replace_strict(_ENTITIES))
    stage(connection, "staged_names", named.select("system", "entity", "key"))
    staged = table("staged_names", column("system"), column("entity"), column("key"))
    same = [source_records.c[name] == staged.c[name] for name in ("system", "entity", "key")]
    query = select(source_records.c.id).join(staged, same[0] & same[1] & same[2])
    return read_frame(connection, query)["id"]


def read_customer_records(connection: Connection, ids: pl.Series | None = None) -> pl.DataFrame:
    """The customer records with these ids, or all of them, with the system and key of their source records."""
    joined = customer_records.join(source_records, source_records.c.id == customer_records.c.id)
    sources = (source_records.c.system, source_records.c.key, source_records.c.exported_at)
    query = select(customer_records, *sources).select_from(joined)
    if ids is None:
        return read_frame(connection, query)
    return read_frame(connection, query.where(among(connection, customer_records.c.id, ids)))


def _of_their_customers(connection: Connection, ids: pl.Series) -> pl.Series:
    theirs = select(customer_records.c.customer_id).where(among(connection, customer_records.c.id, ids)).distinct()
    query = select(customer_records.c.id).where(customer_records.c.customer_id.in_(theirs))
    return read_frame(connection, query)["id"]


def _without(ids: pl.Series, others: pl.Series) -> pl.Series:
    return ids.filter(~ids.is_in(others.implode()))


def _either_alone(one: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    on = one.columns
    return pl.concat([one.join(other, on=on, how="anti"), other.join(one, on=on, how="anti")])
