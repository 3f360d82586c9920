"""What a column of Polars holds, as NumPy sees it in place: no copy, nothing filled in where a value is unknown."""

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

Truth = npt.NDArray[np.bool_]

_BYTE = 8


def values_of(column: pl.Series) -> npt.NDArray[np.generic]:
    """The values of a column of numbers, instants (microseconds) or truths, anything where it is unknown."""
    array = _array(column)
    values = array.buffers()[1]
    is_held = len(column) > 0 and values is not None
    if column.dtype == pl.Boolean():
        return _bits(values, array) if is_held else np.zeros(len(column), np.bool_)
    width = array.type.byte_width
    kind = "f" if column.dtype.is_float() else "u" if column.dtype.is_unsigned_integer() else "i"
    if not is_held:
        return np.zeros(len(column), f"{kind}{width}")
    return np.frombuffer(values, f"{kind}{width}", len(array), array.offset * width)


def known_in(column: pl.Series) -> Truth | None:
    """Where the column is known; None says everywhere."""
    if not column.null_count():
        return None
    array = _array(column)
    return _bits(array.buffers()[0], array)


def series_of(values: npt.NDArray[np.generic], there: Truth) -> pl.Series:
    """The values where they are there; nobody may write to them any more."""
    if values.dtype == np.bool_:
        return pl.Series(pa.array(values, mask=~there))
    valid = None if there.all() else pa.py_buffer(np.packbits(there, bitorder="little"))
    type_ = pa.from_numpy_dtype(values.dtype)
    return pl.Series(pa.Array.from_buffers(type_, len(values), [valid, pa.py_buffer(values)]))


def _array(column: pl.Series) -> pa.Array:
    return column.rechunk().to_arrow()


def _bits(buffer: pa.Buffer, array: pa.Array) -> Truth:
    first, last = array.offset // _BYTE, -(-(array.offset + len(array)) // _BYTE)
    bits = np.unpackbits(np.frombuffer(buffer, np.uint8, last - first, first), bitorder="little")
    return bits[array.offset - first * _BYTE :][: len(array)].view(np.bool_)
