"""Tables in Parquet files whose bytes depend on nothing but the table.

Every setting that shapes the bytes is fixed here rather than left to a default of the library. The file still
names the version of the library that wrote it, so digests are equal within an installation, not across
upgrades.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from storage.errors import ArtifactCorrupt, ArtifactMissing, StorageError

_ROWS_PER_GROUP = 65_536


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table to a new file.

    Parameters
    ----------
    path : Path
        The file; one that exists is replaced.
    table : DataFrame, shape (n_rows, n_columns)
        Columns of text, integers (nullable or not), floats or booleans, with text names. The index is not
        stored. An empty table keeps its columns and their types.

    Raises
    ------
    StorageError
        If a column's name is not text or not unique, or its values have no common type.
    OSError
        If the disk cannot take the file.
    """
    names = list(table.columns)
    if not all(isinstance(name, str) for name in names) or len(set(names)) != len(names):
        raise StorageError(f"The columns of {path.name} are {names}: give each its own name.")
    plain = table.reset_index(drop=True)
    # pandas would store the frame's free-form attributes too.
    plain.attrs = {}
    try:
        arrow = pa.Table.from_pandas(plain, preserve_index=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise StorageError(f"{path.name} cannot be a table ({error}): give each column one type.") from error
    pq.write_table(
        # A table that was put together from pieces must give the same bytes as one that was not.
        arrow.combine_chunks(),
        path,
        version="2.6",
        data_page_version="1.0",
        compression="zstd",
        compression_level=3,
        use_dictionary=True,
        write_statistics=True,
        data_page_size=1_048_576,
        row_group_size=_ROWS_PER_GROUP,
        store_schema=True,
    )


def read_table(path: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read a table, or some of its columns.

    Parameters
    ----------
    path : Path
        A file that `write_table` wrote.
    columns : sequence of str, optional
        Which columns, in this order.

    Returns
    -------
    DataFrame, shape (n_rows, n_columns)
        With the types it was written with, and a fresh index.

    Raises
    ------
    ArtifactMissing
        If there is no such file.
    ArtifactCorrupt
        If the file is damaged.
    StorageError
        If it has no such column.
    """
    try:
        with pq.ParquetFile(path) as file:
            present = file.schema_arrow.names
            absent = [name for name in columns or () if name not in present]
            if absent:
                raise StorageError(f"{path} has no column {absent[0]!r}: it has {', '.join(present)}.")
            wanted = present if columns is None else list(columns)
            table = file.read(columns=wanted).to_pandas()
    except FileNotFoundError as error:
        raise ArtifactMissing(f"{path} does not exist: run again to recompute it.") from error
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactCorrupt(f"{path} is not a readable table ({error}): run again to recompute it.") from error
    return table[wanted]
