"""A CSV changed in a few fields; all else stays as it is to the byte: quotes, separators, ends of lines."""

import codecs
import re
from dataclasses import dataclass

__all__ = ["Table", "defused", "read_table", "written"]

_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?\s*%?")
# What a spreadsheet takes for the beginning of a formula; some look past spaces and control characters, and some take
# the wide forms of East Asian fonts, which the last four are.
_FORMULA = re.compile(r"[\s\x00-\x1f]*[=+\-@\uff1d\uff0b\uff0d\uff20]")


def defused(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run as a formula; numbers and a lone dash stay."""
    harmless = not _FORMULA.match(text) or _NUMBER.fullmatch(text.strip()) or text.strip() == "-"
    return text if harmless else f"'{text}"


def written(text: str, separator: str = ",") -> str:
    """Write a text as a field."""
    text = defused(text)
    return '"' + text.replace('"', '""') + '"' if re.search(f'[\r\n" {separator}]', text) else text


@dataclass
class Table:
    """The fields of a CSV as they stand in its file, and what stands between them."""

    rows: list
    ends: list
    separator: str
    encoding: str

    def text(self, row: int, column: int) -> str:
        """What a field says."""
        field = self.rows[row][column] if column < len(self.rows[row]) else ""
        return field[1:-1].replace('""', '"') if field.startswith('"') else field

    def column(self, *names: str) -> int | None:
        """Find a column by one of its names."""
        heads = [self.text(0, number).strip().lower() for number in range(len(self.rows[0]))]
        return next((heads.index(name.lower()) for name in names if name.lower() in heads), None)

    def put(self, row: int, column: int, text: str):
        """Change a field, quoted as it was before."""
        was = self.rows[row][column]
        self.rows[row][column] = f'"{text}"' if was.startswith('"') else written(text, self.separator)

    def defuse(self) -> int:
        """Make every formula a text, and return how many there were."""
        changed = 0
        for row, fields in enumerate(self.rows):
            for column, field in enumerate(fields):
                text = self.text(row, column)
                if defused(text) != text:
                    fields[column] = "\"'" + field[1:] if field.startswith('"') else f"'{field}"
                    changed += 1
        return changed

    def content(self) -> bytes:
        """The bytes of the file."""
        lines = (self.separator.join(row) + end for row, end in zip(self.rows, self.ends, strict=True))
        return "".join(lines).encode(self.encoding)


def read_table(content: bytes, name: str) -> Table:
    """Read a CSV; one that is none raises a ValueError."""
    encoding = "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"
    if content.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise ValueError(f"{name}: is not UTF-8; export it again, as CSV in UTF-8") from None
    head = text.partition("\n")[0]
    separator = max(",;\t", key=lambda character: re.sub(r'"[^"]*"', "", head).count(character))
    field = re.compile(rf'("(?:[^"]|"")*"|[^{separator}\r\n"][^{separator}\r\n]*|)({separator}|\r\n|\r|\n|\Z)')
    rows, ends, fields, position = [], [], [], 0
    while position < len(text) or fields:
        match = field.match(text, position)
        if match is None:
            raise ValueError(f"{name}, row {len(rows) + 1}: a quotation mark has no partner; export the file again")
        fields.append(match[1])
        position = match.end()
        if match[2] != separator:
            rows.append(fields)
            ends.append(match[2])
            fields = []
    if not rows:
        raise ValueError(f"{name}: is empty; give the file that the system exported")
    return Table(rows, ends, separator, encoding)
