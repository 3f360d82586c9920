"""A process that answers queries, a line of JSON each, with Arrow streams of one state of an SQLite file."""

import json
import sys
from pathlib import Path

import adbc_driver_sqlite.dbapi
import pyarrow as pa

_BATCH_ROWS = 65_536


def main(file: str) -> None:
    """Answer until the questions end."""
    with adbc_driver_sqlite.dbapi.connect(Path(file).absolute().as_uri(), autocommit=False) as connection:
        for line in sys.stdin.buffer:
            with connection.cursor() as cursor:
                cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": str(_BATCH_ROWS)})
                cursor.execute(json.loads(line))
                reader = cursor.fetch_record_batch()
                with pa.ipc.new_stream(sys.stdout.buffer, reader.schema) as stream:
                    for batch in reader:
                        stream.write_batch(batch)
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(sys.argv[1])
