"""Tables for people: columns as wide as their content, numbers to the right."""

from __future__ import annotations

from collections.abc import Sequence


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, right: frozenset[int] = frozenset()
) -> tuple[str, ...]:
    """Return a table's lines, head first.

    Args:
        head: Column titles.
        rows: Cells; as many per row as there are titles.
        right: Columns to align to the right.
    """
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    return tuple(_row(row, widths, right) for row in (head, *rows))


def _row(cells: Sequence[str], widths: Sequence[int], right: frozenset[int]) -> str:
    padded = (
        cell.rjust(width) if i in right else cell.ljust(width)
        for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join(padded).rstrip()
