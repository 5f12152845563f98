"""Marks reach other systems: in the right rows, with all else as it was, and no formula among them."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.cli import main
from grader.csvfile import defused, read_table
from grader.exports import canvas, gradescope, marks_csv, moodle
from grader.page import page


def result(identity, score=7.5, name=None, **other):
    graded = score is not None
    entry = {
        "identity": "test-layer",
        "points": 10,
        "earned": score,
        "message": "A hidden test failed.",
        "hint": "Look.",
    }
    return {
        "submission": name or f"{identity}.ipynb",
        "student": f"student {identity}",
        "identity": identity,
        "assignment": "weights",
        "status": "graded" if graded else "not graded",
        "reason": "" if graded else "it is not valid JSON",
        "score": score,
        "maximum": 10,
        "questions": [entry] if graded else [],
        "flags": [],
        "seconds": 0.1,
        **other,
    }


CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,weights (77),essay (78),Final Score\r\n"
    '"    Points Possible",,,,,10.00,20.00,(read only)\r\n'
    '"Doe, Jane",101,s1,jane@x.org,A,,"3,5",1\r\n'
    '"O""Neil, Zoë",102,s2,zoe@x.org,A,2.00,,\r\n'
    '"=HYPERLINK(""http://evil"",""x"")",103,s3,eve@x.org,"B\nC",,-4,+1\r\n'
    "Test Student,104,,ffff,A,,,-\r\n"
)
MOODLE = (
    "\ufeffIdentifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,Feedback comments\n"
    'Participant 501,"Doe, Jane",jane@x.org,Submitted,,10.00,Yes,\n'
    "Participant 502,+Zoë,zoe@x.org,Submitted,-,10.00,Yes,well done\n"
    'Participant 503,Eve,eve@x.org,No submission,1.00,"10,00",Yes,@SUM(A1)'
)


def differences(before: bytes, after: bytes) -> dict:
    """The fields that differ, by row and column."""
    old, new = (list(csv.reader(io.StringIO(text.decode("utf-8-sig"), newline=""))) for text in (before, after))
    assert [len(row) for row in old] == [len(row) for row in new]
    pairs = {(row, column): (a, new[row][column]) for row, line in enumerate(old) for column, a in enumerate(line)}
    return {place: pair for place, pair in pairs.items() if pair[0] != pair[1]}


def test_canvas_gets_its_marks_and_nothing_else():
    results = [result("101"), result("zoe@x.org", 10), result("103", 0), result("s4", 3), result("104", None)]
    merged = canvas(CANVAS.encode(), results)
    assert differences(CANVAS.encode(), merged.content) == {
        (2, 5): ("", "7.5"),
        (3, 5): ("2.00", "10"),
        (4, 5): ("", "0"),
        (4, 0): ('=HYPERLINK("http://evil","x")', '\'=HYPERLINK("http://evil","x")'),
    }
    assert merged.marks == 3
    assert merged.content.count(b"\r\n") == CANVAS.count("\r\n") and b'"B\nC"' in merged.content
    assert merged.content.startswith(CANVAS.split("\r\n")[0].encode())
    assert {"s4.ipynb: no row for 's4'", "104.ipynb: no mark: it is not valid JSON"} <= set(merged.remarks)


def test_moodle_gets_its_marks_and_nothing_else():
    results = [result("501"), result("502", 0), result("eve@x.org", 3)]
    merged = moodle(MOODLE.encode(), results)
    assert differences(MOODLE.encode(), merged.content) == {
        (1, 4): ("", "7.5"),
        (2, 1): ("+Zoë", "'+Zoë"),
        (2, 4): ("-", "0"),
        (3, 4): ("1.00", "3"),
        (3, 7): ("@SUM(A1)", "'@SUM(A1)"),
    }
    assert merged.content.startswith(b"\xef\xbb\xbfIdentifier") and not merged.content.endswith(b"\n")


def test_an_export_without_formulas_and_marks_stays_as_it_is_to_the_byte():
    plain = CANVAS.replace('"=HYPERLINK(""http://evil"",""x"")"', "Eve").encode()
    assert canvas(plain, [result("999")]).content == plain


def test_semicolons_take_decimal_commas():
    text = "Identifier;Grade;Maximum Grade\nParticipant 5;;10,00\n"
    assert moodle(text.encode(), [result("5")]).content == text.replace(";;", ";7,5;").encode()


def test_of_several_submissions_the_best_counts():
    merged = canvas(
        CANVAS.encode(), [result("101", 3), result("101", 9, "again.ipynb"), result("101", 4, "third.ipynb")]
    )
    assert differences(CANVAS.encode(), merged.content)[2, 5] == ("", "9") and merged.marks == 1
    assert sum("one of several" in remark for remark in merged.remarks) == 2


@pytest.mark.parametrize(
    "merge, content, words",
    [
        (canvas, b"", "is empty"),
        (canvas, b"a,b\n1,2\n", "no columns Student and ID"),
        (canvas, CANVAS.replace("weights", "lab").encode(), "--column one of"),
        (canvas, CANVAS.replace("10.00", "20.00", 1).encode(), "Canvas gives 20 points"),
        (canvas, CANVAS.replace('"Doe, Jane"', '"Doe, Jane').encode(), "has no partner"),
        (canvas, "Student,ID\nZoë,3\n".encode("latin-1"), "not UTF-8"),
        (moodle, b"Identifier,Name\n", "no columns Identifier and Grade"),
        (moodle, MOODLE.replace("10.00", "100.00").encode(), "Moodle gives 100 points"),
    ],
)
def test_a_wrong_export_is_refused(merge, content, words):
    with pytest.raises(ValueError, match=words):
        merge(content, [result("101")])


fields = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)


@given(st.lists(st.lists(fields, min_size=1, max_size=4), min_size=1, max_size=4), st.sampled_from(",;\t"))
def test_any_table_is_read_and_written_back_to_the_byte(rows, separator):
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=separator).writerows([["x", "y", "z"], *rows])
    table = read_table(stream.getvalue().encode(), "a table")
    assert table.content() == stream.getvalue().encode()
    read = [[table.text(row, column) for column in range(len(fields))] for row, fields in enumerate(table.rows)]
    assert read[1:] == [row if row != [""] else [""] for row in rows]


@given(fields)
def test_no_field_that_we_write_is_a_formula(text):
    line = marks_csv([result("1", student=text, flags=[text])]).split("\n", 1)[1]
    (row,) = csv.reader(io.StringIO(line, newline=""))
    for cell in row:
        assert not cell.strip().startswith(("=", "@")) and (
            cell[:1] not in "+-" or cell == "-" or defused(cell) == cell
        )
    assert defused(defused(text)) == defused(text)


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3+cmd", "@SUM(A1)", "\t=1", " =1", "\r@x", "\uff1d1"]
)
def test_formulas_are_escaped(text):
    assert defused(text) == "'" + text


@pytest.mark.parametrize("text", ["-4", "+1.5", "-", "", "3", "a=b", "-0,5", "+1e-3", "7 %", "'=1"])
def test_what_is_no_formula_stays(text):
    assert defused(text) == text


def test_gradescope_gets_points_or_none_at_all():
    made = gradescope(result("1"))
    assert made["score"] == 7.5 and made["tests"][0] == {
        "name": "test-layer",
        "score": 7.5,
        "max_score": 10,
        "output": "A hidden test failed. Hint: Look.",
        "output_format": "text",
        "visibility": "visible",
    }
    assert "score" not in gradescope(result("1", None))


@given(fields)
def test_a_page_shows_text_and_never_runs_it(text):
    evil = f"<img src=x onerror=alert(1)>{text}<script>"
    made = page(result("1", student=evil, submission=evil, flags=[evil]))
    assert made.count("<") == page(result("1", student="", submission="", flags=[""])).count("<")
    refused = page(result("1", None, reason=evil))
    assert "<img" not in refused and "<script" not in refused and "This is no mark" in refused


def test_report_from_the_command_line(tmp_path, capsys):
    names = ["101.ipynb", "../../up.ipynb", "/etc/x.ipynb", "名前.ipynb", "a b.ipynb", "a-b.ipynb", "=1.ipynb"]
    results = [result("101", name=name) for name in names] + [result("102", None)]
    (tmp_path / "results.json").write_text(json.dumps(results))
    (tmp_path / "gradebook.csv").write_bytes(CANVAS.encode())
    (tmp_path / "worksheet.csv").write_bytes(MOODLE.encode())
    exports = ["--canvas", str(tmp_path / "gradebook.csv"), "--moodle", str(tmp_path / "worksheet.csv"), "--gradescope"]
    assert main(["report", str(tmp_path), *exports]) == 1
    assert "1 marks" in capsys.readouterr().out
    for folder, ending in (("pages", "html"), ("gradescope", "json")):
        made = list((tmp_path / folder).iterdir())
        assert len(made) == len(results) and {path.suffix for path in made} == {f".{ending}"}
        assert all(path.name.isascii() and not path.name.startswith(".") for path in made)
    marks = list(csv.DictReader((tmp_path / "marks.csv").open(encoding="utf-8", newline="")))
    assert [row["score"] for row in marks] == ["7.5"] * 7 + [""] and marks[6]["submission"] == "'=1.ipynb"
    assert (tmp_path / "gradebook.csv").read_bytes() == CANVAS.encode()
    assert main(["report", str(tmp_path / "nothing")]) == 2
    assert "No such file" in capsys.readouterr().err
