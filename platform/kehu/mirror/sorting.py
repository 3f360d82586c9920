"""Any number of rows into files that together are sorted, in bounded memory."""

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from kehu.mirror.files import DataFile, write_frame
from kehu.mirror.layout import Layout

SPILL_PREFIX = "spill-"
# More different texts in one file are stored as they are.
_WORDS = 10_000


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many rows are sorted at once, what share of them may have changed before all are sorted again, and how many
    are read by the cursor rather than through ADBC.
    """

    bucket_rows: int = 1_000_000
    changed_share: float = 0.1
    cursor_rows: int = 200_000

    def buckets(self, rows: int) -> int:
        """Into how many ranges of owners so many rows go."""
        return -(-rows // self.bucket_rows)


def write_sorted(
    folder: Path, layout: Layout, frames: Iterable[pl.DataFrame], *, owners: int, buckets: int
) -> tuple[DataFile, ...]:
    """The frames' rows in the layout's order, in files of one range of owners each.

    `owners` is the greatest owner there may be. Rows are laid aside by range on disk, then sorted range by range: in
    memory are one frame and one range at a time. A customer's events are never parted.
    """
    words = (coded(frame) for frame in frames)
    if buckets <= 1:
        return _written(folder, layout, [_together([*words, pl.DataFrame(schema=layout.types)])])
    with tempfile.TemporaryDirectory(prefix=SPILL_PREFIX, dir=folder) as aside:
        _lay_aside(Path(aside), layout, words, owners, buckets)
        ranges = (Path(aside) / str(bucket) for bucket in range(buckets))
        return _written(folder, layout, (_gathered(each) for each in ranges if each.is_dir()))


def _lay_aside(aside: Path, layout: Layout, frames: Iterable[pl.DataFrame], owners: int, buckets: int) -> None:
    bucket = (pl.col(layout.owner).fill_null(0) * buckets // (owners + 1)).alias("bucket")
    for number, frame in enumerate(frames):
        for (which,), rows in (
            frame.with_columns(bucket).partition_by("bucket", as_dict=True, include_key=False).items()
        ):
            part = aside / str(which)
            part.mkdir(exist_ok=True)
            rows.write_ipc(part / f"{number:06}.arrow", compression="uncompressed")


def _gathered(part: Path) -> pl.DataFrame:
    return _together([pl.read_ipc(file) for file in sorted(part.iterdir())])


def _together(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """All rows; a text is Categorical where it is in every frame that has a row."""
    full = [frame for frame in frames if not frame.is_empty()] or frames[:1]
    texts = [name for name, kind in full[0].schema.items() if kind in {pl.String(), pl.Categorical()}]
    plain = {name: pl.String() for name in texts if any(frame.schema[name] == pl.String() for frame in full)}
    return pl.concat(frame.cast(pl.Schema(plain)) if plain else frame for frame in full)


def _written(folder: Path, layout: Layout, parts: Iterable[pl.DataFrame]) -> tuple[DataFile, ...]:
    return tuple(write_frame(folder, layout.stream, rows.sort(layout.order)) for rows in _non_empty(parts))


def coded(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with texts as Categorical where they are but some words: short to read, and quick to compare."""
    texts = [name for name, kind in rows.schema.items() if kind == pl.String()]
    different = rows.select(pl.col(name).approx_n_unique() for name in texts)
    return rows.with_columns(pl.col(name).cast(pl.Categorical()) for name in texts if different[name].item() <= _WORDS)


def _non_empty(parts: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    return (rows for rows in parts if not rows.is_empty())
