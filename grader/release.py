"""The notebook for the students, made from the instructor's: without solutions, hidden tests, slips and outputs."""

import json
import re

from .assignment import HIDDEN, SOLUTION, Assignment, inside

__all__ = ["STUB", "release", "stub_of", "tests_of"]

# nbgrader's own words, so that whoever knows them knows what to do.
STUB = ("# YOUR CODE HERE", "raise NotImplementedError()")


def stub_of(identity: str, source: str) -> str:
    """Put the stub in place of each solution; of the whole cell where none is marked."""
    lines = inside(identity, source, SOLUTION)
    if not any(is_solution for _, is_solution in lines):
        return "\n".join(STUB)
    kept = []
    for line, is_solution in lines:
        if not is_solution:
            kept.append(line)
        elif SOLUTION[0] in line:
            indent = re.match(r"\s*", line)[0]
            kept += [indent + stub for stub in STUB]
    return "\n".join(kept)


def tests_of(identity: str, source: str) -> str:
    """Keep the tests that students may see."""
    return "\n".join(line for line, is_hidden in inside(identity, source, HIDDEN) if not is_hidden)


def release(assignment: Assignment, content: bytes) -> str:
    """Return the students' notebook, as the text of its file."""
    notebook = json.loads(content)
    for cell in notebook["cells"]:
        marking = cell["metadata"].get("nbgrader", {})
        cell["metadata"] = {key: value for key, value in cell["metadata"].items() if key in ("nbgrader", "tags")}
        source = "".join(cell["source"])
        if marking.get("solution"):
            source = stub_of(marking["grade_id"], source)
        elif marking.get("grade"):
            source = tests_of(marking["grade_id"], source)
        cell["source"] = source.splitlines(keepends=True)
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    kept = {key: value for key, value in notebook["metadata"].items() if key in ("kernelspec", "language_info")}
    notebook["metadata"] = {**kept, "tokenomics": {"assignment": assignment.name}}
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"
