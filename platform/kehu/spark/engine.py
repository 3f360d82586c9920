"""A run's features and conditions, computed by Spark from the mirror's events."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from kehu.features.catalogue import Catalogue, compile_catalogue
from kehu.mirror.layout import LAYOUTS
from kehu.mirror.mirror import Mirror
from kehu.model.problems import Place, Problem, RefusedError
from kehu.rules.book import RuleBook, RuleSet
from kehu.rules.compiler import Compiled
from kehu.rules.evaluate import compile_book, compile_keeping
from kehu.rules.rolls import Key
from kehu.spark.counting import counted_query
from kehu.spark.expressions import SPARK
from kehu.spark.features import Features, attribute_column, in_order
from kehu.spark.laying import Laid, Shared, lay_events
from kehu.spark.sessions import Spark, connected
from kehu.spark.words import name


@dataclass(frozen=True, slots=True)
class SparkEngine:
    """Spark behind a Spark Connect server, and the folder or address where it finds what Kehu lays for it."""

    url: str
    folder: str

    @contextmanager
    def opened(self, catalogue: Catalogue, book: RuleBook, as_of: datetime) -> Iterator["SparkRun"]:
        """A run of those rules as of the instant.

        Raises RefusedError with all that Spark cannot compute exactly, before anything is computed; when no server
        answers; and from the block when Spark fails, or the files cannot be laid.
        """
        entering, keeping = compile_book(book, as_of, SPARK), compile_keeping(book, as_of, SPARK)
        compiled = compile_catalogue(catalogue, as_of, SPARK)
        with connected(self.url) as spark:
            try:
                shared = Shared(self.folder)
                with shared.of_run() as own:
                    features = Features(spark, own, catalogue, compiled, as_of)
                    yield SparkRun(shared, features, entering, keeping)
            except (OSError, pl.exceptions.PolarsError) as error:
                said = f"files for Spark cannot be laid in '{self.folder}': {error}"
                remedy = "mend the folder, or the setting spark_folder"
                raise RefusedError([Problem(Place("spark_folder"), "spark", said, remedy)]) from error


def open_engine(url: str, folder: str) -> SparkEngine:
    """The engine of those settings; nothing is asked of Spark yet."""
    return SparkEngine(url, folder)


class SparkRun:
    """One run. First `features`, then `answers` for as many rule sets at a time as can be answered together."""

    def __init__(
        self, shared: Shared, features: Features, entering: Mapping[Key, Compiled], keeping: Mapping[Key, Compiled]
    ) -> None:
        self.shared, self._features = shared, features
        self.conditions = {**_keyed("enters", entering), **_keyed("stays", keeping)}
        self.entering, self.keeping = _columns("enters", entering), _columns("stays", keeping)
        self._customers = pl.Series("customer", [], dtype=pl.Int64())

    def features(self, mirror: Mirror, customers: pl.DataFrame) -> pl.DataFrame:
        """One row per customer, in the order of `customers`, which has `customer` and the attributes."""
        self._customers = customers["customer"]
        if customers.is_empty():
            return self._features.of_nobody()
        own, spark, catalogue = self._features.place, self._features.spark, self._features.catalogue
        streams = {item.stream.name for item in catalogue.declarations if item.stream is not None}
        laid = lay_events(self.shared, mirror, sorted(streams))
        for stream, files in laid.items():
            _show(spark, stream, files)
        named = customers.rename({each: attribute_column(each) for each in customers.columns[1:]})
        spark.view("customers", [own.lay("customers", named)])
        counted = f"{own.folder}/counted"
        spark.write(counted_query(catalogue, self._features.compiled, self._features.as_of), counted)
        spark.view("counted", [counted])
        features = self._features.compute("counted", self._customers)
        self.shared.keep({path for files in laid.values() for path in files.files})
        return features

    def answers(self, asked: pl.DataFrame, rulesets: Sequence[RuleSet]) -> pl.DataFrame:
        """The columns that `entering` and `keeping` name for the conditions of those rule sets, aligned.

        `asked` has `customer` and what the conditions ask of other rule sets, customers as in the features.
        """
        codes = {ruleset.code for ruleset in rulesets}
        found = {key: each for key, each in self.conditions.items() if key[1] in codes}
        if self._customers.is_empty() or not found:
            names = [_column(key, is_error=is_error) for key in found for is_error in (False, True)]
            return pl.DataFrame(schema=dict.fromkeys(names, pl.Boolean()))
        columns = ", ".join(
            f"{part} AS {name(_column(key, is_error=part is each.error))}"
            for key, each in found.items()
            for part in (each.match, each.error)
        )
        answered = self._features.spark.frame(f"SELECT `customer`, {columns} FROM ({self._with(asked)})")
        return in_order(answered, self._customers).drop("customer")

    def _with(self, asked: pl.DataFrame) -> str:
        names = asked.columns[1:]
        if not names:
            return self._features.query
        view = f"asked_{len(names)}"
        self._features.spark.view(view, [self._features.place.lay(view, asked)])
        columns = ", ".join(f"{name(view)}.{name(each)}" for each in names)
        on = f"`features`.`customer` = {name(view)}.`customer`"
        return f"SELECT `features`.*, {columns} FROM ({self._features.query}) AS `features` LEFT JOIN {view} ON {on}"


def _show(spark: Spark, stream: str, files: Laid) -> None:
    """The view of that kind of event: what is left of the base, and what came instead or anew, with the same ids."""
    spark.view(stream if len(files.files) == len(files.base) else f"{stream}_base", files.base)
    if files.gone:
        spark.view(f"{stream}_gone", files.gone)
    if files.tail:
        spark.view(f"{stream}_tail", files.tail)
    if files.gone or files.tail:
        anti = f" LEFT ANTI JOIN {stream}_gone ON {stream}_base.`id` = {stream}_gone.`id`" if files.gone else ""
        columns = ", ".join(map(name, LAYOUTS[stream].types))
        base = f"SELECT {columns} FROM (SELECT {stream}_base.* FROM {stream}_base{anti})"
        tail = f" UNION ALL SELECT {columns} FROM {stream}_tail" if files.tail else ""
        spark.named(stream, f"{base}{tail}")


def _keyed(kind: str, conditions: Mapping[Key, Compiled]) -> dict[tuple[str, str, str], Compiled]:
    return {(kind, *key): each for key, each in conditions.items()}


def _columns(kind: str, conditions: Mapping[Key, Compiled]) -> dict[Key, Compiled]:
    """The conditions as columns that hold what Spark answered."""
    return {
        key: replace(
            each,
            match=pl.col(_column((kind, *key), is_error=False)),
            error=pl.col(_column((kind, *key), is_error=True)),
        )
        for key, each in conditions.items()
    }


def _column(key: tuple[str, str, str], *, is_error: bool) -> str:
    return f"{' '.join(key)}{' fails' if is_error else ''}"
