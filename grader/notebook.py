"""Reading a notebook that anybody may have written, into cells."""

import codecs
import json
from dataclasses import dataclass, field

__all__ = ["LARGEST", "Cell", "Notebook", "Unreadable", "clean", "read_notebook"]

# A notebook that is larger is not read. [byte]
LARGEST = 64 * 2**20
# Objects and lists take far more memory read than written, so these are the most; plots have hundreds of thousands.
_MOST_PARTS = 2 * 10**6
_MOST_CELLS = 10_000
# Characters of somebody else's text that a report repeats.
_LONGEST = 300


class Unreadable(ValueError):
    """A file that is no notebook, with the reason."""


@dataclass(frozen=True)
class Cell:
    """A cell: ``code`` or anything else, its text, and what nbgrader notes of it."""

    kind: str
    source: str
    identity: str = ""
    marking: dict = field(default_factory=dict)

    @property
    def grade_id(self) -> str:
        """The name by which nbgrader knows the cell; empty where it has none."""
        return self.marking.get("grade_id", "")


@dataclass(frozen=True)
class Notebook:
    """Cells in their order, the notebook's metadata, and what was odd about the file."""

    cells: tuple
    metadata: dict
    notes: tuple = ()

    @property
    def code(self) -> list:
        """The texts of the code cells."""
        return [cell.source for cell in self.cells if cell.kind == "code"]


def clean(text: str, longest: int = _LONGEST) -> str:
    """Make somebody else's text fit to be written to a file: valid UTF-8, on one line, not too long."""
    line = " ".join(text[: 4 * longest].encode("utf-8", "replace").decode().split())
    line = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in line)
    return line if len(line) <= longest else line[: longest - 1] + "…"


def read_notebook(content: bytes) -> Notebook:
    """Read a notebook of format 3 or 4, whatever its encoding; what is no notebook raises Unreadable."""
    if len(content) > LARGEST:
        raise Unreadable(f"it has {len(content):,} bytes; a notebook may have {LARGEST:,}")
    if content.count(b"{") + content.count(b"[") > _MOST_PARTS:
        raise Unreadable(f"it holds more than {_MOST_PARTS:,} objects and lists")
    text, notes = _text(content)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"it is not valid JSON: {clean(str(error))}") from None
    if not isinstance(data, dict):
        raise Unreadable("it is JSON, but no notebook")
    cells = data.get("cells")
    if cells is None:
        # Format 3 kept its cells in worksheets, and called the text of a code cell its input.
        cells = [cell for sheet in _dicts(data.get("worksheets")) for cell in _list(sheet.get("cells"))]
        if "worksheets" not in data:
            raise Unreadable("it is JSON, but no notebook: it has no cells")
        notes.append("an old notebook, of format 3")
    if len(_list(cells)) > _MOST_CELLS:
        raise Unreadable(f"it has {len(cells):,} cells; a notebook may have {_MOST_CELLS:,}")
    read = [_cell(cell) for cell in _dicts(cells)]
    return Notebook(tuple(cell for cell in read if cell), _dict(data.get("metadata")), tuple(notes))


def _text(content: bytes) -> tuple:
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if content.startswith(mark):
            return content.decode(encoding, "replace"), []
    try:
        return content.decode("utf-8"), []
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace"), ["not UTF-8; read as Windows-1252"]


def _cell(data: dict) -> Cell | None:
    source = data.get("source", data.get("input", ""))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        return None
    metadata = _dict(data.get("metadata"))
    marking = _dict(metadata.get("nbgrader"))
    if not isinstance(marking.get("grade_id", ""), str):
        marking = {}
    return Cell(str(data.get("cell_type")), source, str(data.get("id", "")), marking)


def _dict(value) -> dict:
    return value if isinstance(value, dict) else {}


def _list(value) -> list:
    return value if isinstance(value, list) else []


def _dicts(value) -> list:
    return [item for item in _list(value) if isinstance(item, dict)]
