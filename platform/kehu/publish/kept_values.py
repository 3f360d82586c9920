"""The values of served features, kept with the run that counted them; a copy beside the mirror tells what changed."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import polars as pl
from sqlalchemy import Connection, delete, insert, select

from kehu.features.catalogue import Catalogue
from kehu.features.counted import aligned
from kehu.features.serving import Placed, placed, served
from kehu.mirror.changes import within
from kehu.mirror.contents import understood
from kehu.mirror.files import UnusableError
from kehu.mirror.kept_frame import KeptFrame
from kehu.publish.kept_roll import State, check_state
from kehu.store.among import among
from kehu.store.bulk import indexed_anew, insert_frame, put_frame, read_frame
from kehu.store.event_changes import Head, changes_query, ranges
from kehu.tables.columns import micros
from kehu.tables.facts import customers
from kehu.tables.features import customer_features, served_features

_FOLDER, _FORMAT = "values", 1
_DAY = timedelta(days=1) // timedelta(microseconds=1)
# So many rows are turned into the driver's at once.
_SLICE = 50_000
# Where more of all rows than this have changed, to write all anew is less work than to seek each.
_MOST_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class KeptValues:
    """Where the copy of a database's values is kept, None for nowhere; `progress` is told why it could not be used."""

    folder: Path | None
    progress: Callable[[str, int], None]

    def write(
        self, connection: Connection, run_id: int, as_of: datetime, catalogue: Catalogue, features: pl.DataFrame
    ) -> pl.DataFrame:
        """Bring the stored values into line with `features`, a row per customer, in the caller's transaction.

        Returns what is stored then, for `keep`. Only rows that changed are written; of features that are not served
        any more nothing stays.
        """
        held = {
            row.code: row.slot for row in connection.execute(select(served_features.c.code, served_features.c.slot))
        }
        stands = placed(served(catalogue.declarations), held)
        if not stands and not held:
            return pl.DataFrame(schema={"customer": pl.Int64()})
        rows = _rows(stands, features, as_of)
        emptied = sorted(set(held.values()) - set(rows.columns))
        _write_rows(connection, self._stored(connection, [*rows.columns[1:], *emptied]), rows)
        connection.execute(delete(served_features))
        if stands:
            connection.execute(insert(served_features), [_told(each, run_id, as_of) for each in stands])
        return rows

    def forget(self) -> None:
        """Keep no copy any more. To be called before a publication ends, so that a copy is never of another."""
        if self.folder is not None:
            # What cannot be removed is seen to be of another publication.
            with suppress(OSError):
                KeptFrame(self.folder / _FOLDER).forget()

    def keep(self, state: State, rows: pl.DataFrame) -> None:
        """Keep the copy of what that publication, which has ended by now, wrote."""
        if self.folder is None or rows.width == 1:
            return
        try:
            KeptFrame(self.folder / _FOLDER).write({"format": _FORMAT, **asdict(state)}, rows)
        except OSError as error:
            self.progress(f"values of features could not be kept beside the mirror: {error}", 0)

    def strayed(self, connection: Connection) -> int:
        """Customers whose values in the table are not those of the copy; 0 where there is no copy to be used."""
        try:
            copied = self._copied(connection)
        except (UnusableError, OSError):
            return 0
        if copied is None:
            return 0
        return len(copied.join(_read(connection, copied.columns[1:]), on=copied.columns, how="anti", nulls_equal=True))

    def _stored(self, connection: Connection, slots: list[str]) -> pl.DataFrame:
        """What the table holds in the slots, by the copy if that can be, else from the table."""
        try:
            copied = self._copied(connection)
        except (UnusableError, OSError) as error:
            self.progress(f"reading values of features from the database itself: {error}", 0)
            copied = None
        if copied is None:
            return _read(connection, slots)
        empty = [pl.lit(None, _type_of(slot)).alias(slot) for slot in slots if slot not in copied.columns]
        return copied.with_columns(empty).select("customer", *slots)

    def _copied(self, connection: Connection) -> pl.DataFrame | None:
        """The copy without customers that came or went since: an id may have been given away again.

        None where none is kept. Raises UnusableError when it is damaged or of another publication, OSError when it
        cannot be read.
        """
        place = None if self.folder is None else KeptFrame(self.folder / _FOLDER)
        found = None if place is None else place.read(thoroughly=True)
        if place is None or found is None:
            return None
        known, rows = found
        with understood(place.contents):
            if known["format"] != _FORMAT:
                raise UnusableError("it was made by another version of Kehu")
            state = State(known["run_id"], known["published_at"], Head(**known["head"]))
        check_state(connection, state)
        moved = ranges(partial(read_frame, connection)(changes_query(customers.name, state.head)))
        return rows if moved.is_empty() else rows.filter(~within(moved, rows["customer"]))


def _read(connection: Connection, slots: list[str]) -> pl.DataFrame:
    """Column customer, in order, and the slots, of the table."""
    columns = [customer_features.c.customer_id.label("customer"), *(customer_features.c[slot] for slot in slots)]
    return read_frame(connection, select(*columns).order_by(customer_features.c.customer_id))


def _type_of(slot: str) -> pl.DataType:
    kinds = {"whole": pl.Int64(), "real": pl.Float64(), "text": pl.String()}
    return kinds[slot.partition("_")[0]]


def _rows(stands: tuple[Placed, ...], features: pl.DataFrame, as_of: datetime) -> pl.DataFrame:
    """Column customer, in order, and one per slot, as the table holds them."""
    held = {each.slot: _stored_value(each, as_of) for each in stands}
    return features.select("customer", **held).sort("customer")


def _stored_value(stand: Placed, as_of: datetime) -> pl.Expr:
    value, base = pl.col(stand.item.info.name), _base(stand, as_of)
    if base is not None:
        value = base - value
    return value.cast(_type_of(stand.slot))


def _base(stand: Placed, as_of: datetime) -> int | None:
    """Days since an event are the days since 1970 less those of the event, which hardly ever change."""
    return micros(as_of) // _DAY if stand.item.operation == "days_since" else None


def _write_rows(connection: Connection, stored: pl.DataFrame, rows: pl.DataFrame) -> None:
    """`stored` has the columns of `rows`, and those that nothing is to stay in."""
    slots = stored.columns[1:]
    empty = [pl.lit(None, _type_of(slot)).alias(slot) for slot in slots if slot not in rows.columns]
    new = rows.with_columns(empty)
    old = aligned(stored.with_columns(there=pl.lit(value=True)), new["customer"])
    differs = [new[slot].ne_missing(old[slot]).alias(slot) for slot in slots]
    changed = pl.select(pl.any_horizontal(old["there"].is_null(), *differs)).to_series()
    named = new.rename({"customer": "customer_id"})
    if rows.width == 1 or changed.sum() > _MOST_SHARE * len(new):
        connection.execute(delete(customer_features))
        with indexed_anew(connection, customer_features):
            for part in named.iter_slices(_SLICE) if rows.width > 1 else ():
                insert_frame(connection, customer_features, part)
        return
    gone = stored["customer"].filter(~stored["customer"].is_in(new["customer"].implode()))
    if len(gone):
        connection.execute(delete(customer_features).where(among(connection, customer_features.c.customer_id, gone)))
    put_frame(connection, customer_features, named.filter(changed), key="customer_id")


def _told(stand: Placed, run_id: int, as_of: datetime) -> dict[str, object]:
    info = stand.item.info
    label = {"en": info.label.en, "zh": info.label.zh}
    told = {"unit": info.unit, "label": label, "meaning": info.meaning, "place": str(stand.item.place)}
    held = {"slot": stand.slot, "kind": info.type.kind, "scale": info.type.scale, "base": _base(stand, as_of)}
    return {"code": info.name, "run_id": run_id, **held, **told}
