"""A session with a Spark Connect server, and what Spark says made into a sentence."""

import re
import socket
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import grpc
import polars as pl
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql.connect.client.retries import DefaultPolicy

from kehu.model.problems import Place, Problem, RefusedError

PORT = 15002
_WAIT_SECONDS = 10.0
_RETRIES = 6
# What gRPC says of a call that failed is a listing.
_DETAILS = re.compile(r'details = "([^"\n]+)')
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
        # About a minute in all; by itself the client would try for ten.
        session.client.set_retry_policies([DefaultPolicy(max_retries=_RETRIES)])
        for name, value in _SETTINGS.items():
            session.conf.set(name, value)

    def close(self) -> None:
        """End the session. When the server went away, that is not waited for once more."""
        self._session.client.set_retry_policies([DefaultPolicy(max_retries=0)])
        self._session.stop()

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
        with warnings.catch_warnings():
            # What is warned of becomes an error a moment later.
            warnings.filterwarnings("ignore", message=r"\[RETRIES_EXCEEDED\]")
            session = SparkSession.builder.remote(url).create()
            with closing(Spark(session)) as spark:
                yield spark
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
    text = str(error)
    details = _DETAILS.search(text)
    first = details[1] if details else text.strip().partition("\n")[0]
    return " ".join(first.split())[:300] or type(error).__name__
