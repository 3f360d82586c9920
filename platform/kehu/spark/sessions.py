"""A session with a Spark Connect server, and what Spark says made into a sentence."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

import grpc
import polars as pl
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from kehu.model.problems import Place, Problem, RefusedError

PORT = 15002
_WAIT_SECONDS = 10.0
# Overflow and division by zero are told apart in the expressions themselves; an error would end the whole query.
# '${' in a text is no variable.
_SETTINGS = {
    "spark.sql.ansi.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.variable.substitute": "false",
}


class Spark:
    """Asks queries in Spark SQL."""

    def __init__(self, session: SparkSession) -> None:
        self._session = session

    def frame(self, query: str) -> pl.DataFrame:
        """The answer's rows, in no order."""
        found = pl.from_arrow(self._session.sql(query).toArrow())
        assert isinstance(found, pl.DataFrame)  # noqa: S101 - a table is no series
        return found

    def view(self, name: str, files: Sequence[str]) -> None:
        """Let queries name those Parquet files, or the folder that `write` made."""
        self._session.read.parquet(*files).createOrReplaceTempView(name)

    def named(self, name: str, query: str) -> None:
        """Let queries name that query."""
        self._session.sql(query).createOrReplaceTempView(name)

    def write(self, query: str, folder: str) -> None:
        """Let Spark lay the answer as Parquet files in a folder that it makes."""
        self._session.sql(query).write.mode("overwrite").parquet(folder)


@contextmanager
def connected(url: str) -> Iterator[Spark]:
    """A session that ends with the block. Raises RefusedError when there is no server, or when Spark fails."""
    _reach(url)
    try:
        session = SparkSession.builder.remote(url).create()
        try:
            for name, value in _SETTINGS.items():
                session.conf.set(name, value)
            yield Spark(session)
        finally:
            session.stop()
    except (PySparkException, grpc.RpcError) as error:
        message = f"Spark failed: {_said(error)}"
        raise RefusedError([Problem(Place(_shown(url)), "spark", message, "see the log of the server")]) from error


def _reach(url: str) -> None:
    """Spark's own client tries for minutes before it says that nobody is there."""
    parts = urlsplit(url)
    try:
        socket.create_connection((str(parts.hostname), parts.port or PORT), _WAIT_SECONDS).close()
    except OSError as error:
        message = f"no Spark Connect server answers at '{_shown(url)}': {error.strerror or error}"
        remedy = "start one, or mend the setting spark_url"
        raise RefusedError([Problem(Place("spark_url"), "spark", message, remedy)]) from error


def _shown(url: str) -> str:
    """Without the parameters, of which one may be a token."""
    return url.partition(";")[0].rstrip("/")


def _said(error: Exception) -> str:
    """The first sentence: the rest is Spark's plan, or its stack."""
    text = error.details() if isinstance(error, grpc.Call) else str(error)
    return " ".join((text or type(error).__name__).splitlines()[0].split())[:300]
