"""Tables that users bring: CSV and Parquet, read as they are and asked for columns by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.errors import OneshotError

if TYPE_CHECKING:
    import pandas as pd

MOST_BYTES = 8 << 30


def read_table(path: Path, numbers: bool = False, blank_lines: bool = False) -> pd.DataFrame:
    """The table at `path`; every cell is text unless `numbers` are wanted.

    With `blank_lines` these are rows of empty cells, so that rows can be told by their lines.

    Raises:
        OneshotError: if it cannot be read, is no table, or needs a package that is not installed.
    """
    import pandas as pd

    if not path.is_file():
        raise OneshotError(f"There is no file {path}.")
    if path.stat().st_size > MOST_BYTES:
        raise OneshotError(f"{path} is larger than {MOST_BYTES >> 30} GiB.")
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            return pd.read_parquet(path)
        # As it is: what pandas would unpack by the name's ending could be of any size.
        if numbers:
            return pd.read_csv(path, encoding="utf-8-sig", low_memory=False, compression=None)
        return pd.read_csv(
            path, encoding="utf-8-sig", dtype=str, keep_default_na=False, compression=None,
            skip_blank_lines=not blank_lines,
        )  # fmt: skip
    except ImportError:
        raise OneshotError(
            f"{path.name} is Parquet, which needs the package pyarrow.", "Type: pip install pyarrow"
        ) from None
    except (ValueError, UnicodeDecodeError, OSError) as error:  # pandas' own derive from ValueError
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise OneshotError(f"{path} cannot be read as a table ({reason}).") from error


def column_name(table: pd.DataFrame, path: Path, wanted: str | None, usual: tuple[str, ...]) -> str:
    """The name of a column: the wanted one, else the first usual one that is there.

    Raises:
        OneshotError: if there is none.
    """
    for name in (wanted,) if wanted else usual:
        if name in table.columns:
            return str(name)
    there = ", ".join(str(name) for name in list(table.columns)[:12])
    expected = f"'{wanted}'" if wanted else " or ".join(f"'{name}'" for name in usual)
    raise OneshotError(f"{path} has no column {expected}; it has {there}.")


def column(
    table: pd.DataFrame, path: Path, wanted: str | None, usual: tuple[str, ...]
) -> list[str]:
    """The cells of that column as texts, missing ones empty; see `column_name` for the errors."""
    cells = table[column_name(table, path, wanted, usual)]
    return ["" if missing else str(cell) for cell, missing in zip(cells, cells.isna(), strict=True)]
