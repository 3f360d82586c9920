"""A Spark Connect server: Sail in this process, or the one that SPARK_REMOTE names."""

import os
from collections.abc import Iterator

import pytest
from pysail.spark import SparkConnectServer

from kehu.spark.sessions import Spark, connected


@pytest.fixture(scope="session")
def spark_url() -> Iterator[str]:
    """SPARK_REMOTE=sc://localhost:15002 has the tests ask another server, which must see this machine's files."""
    given = os.environ.get("SPARK_REMOTE")
    if given:
        yield given
        return
    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    yield f"sc://127.0.0.1:{server.listening_address[1]}"
    server.stop()


@pytest.fixture(scope="session")
def spark(spark_url: str) -> Iterator[Spark]:
    with connected(spark_url) as session:
        yield session
