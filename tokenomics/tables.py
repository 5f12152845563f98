"""Tables and progress on the terminal."""

import sys
from contextlib import contextmanager

__all__ = ["print_table", "progress"]


def print_table(title: str, columns, rows):
    """Print a table, as wide as the terminal.

    Parameters
    ----------
    title : str
        What stands above it. [-]
    columns : sequence of str
        The heads of the columns. [-]
    rows : sequence of sequence of str
        The cells. [-]

    Examples
    --------
    >>> print_table("", ("what", "value"), [("TPOT", "18.1")])  # doctest: +NORMALIZE_WHITESPACE
      what   value
     ──────────────
      TPOT    18.1
    """
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=title or None, title_justify="left", box=box.SIMPLE, title_style="bold")
    for number, column in enumerate(columns):
        table.add_column(
            escape(column), overflow="fold", justify="right" if number and _numeric(rows, number) else "left"
        )
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    # A pipe has no width; take one that most tables fit into.
    Console(highlight=False, width=None if sys.stdout.isatty() else 140).print(table)


def _numeric(rows, column) -> bool:
    return all((row[column] or "0").lstrip("+-").replace(".", "", 1).replace("e-", "").isdigit() for row in rows)


@contextmanager
def progress(title: str, total: int):
    """Show how far long work is, on a terminal only.

    Parameters
    ----------
    title : str
        What is being done. [-]
    total : int
        In how many pieces. [-]

    Yields
    ------
    callable
        To be called with the name of each piece as it begins. [-]

    Examples
    --------
    >>> with progress("rows", 1) as step:
    ...     step("the first")
    """
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(file=sys.stderr), disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task(title, total=total)

        def step(name):
            bar.update(task, advance=1, description=f"{title}: {name[:40]}")

        yield step
