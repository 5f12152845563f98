"""What all tests share: where the clone is, and tools that a machine may lack."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

# The search for doctests would import these two under one name.
collect_ignore = ["conftest.py", "browser/conftest.py"]

# The same examples in every run, and no stopwatch: a busy machine is no fault of the code.
settings.register_profile("book", deadline=None, derandomize=True)
settings.load_profile("book")


@pytest.fixture(scope="session")
def root() -> Path:
    """The clone."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def tool():
    """Find a program, or skip the test; REQUIRE_BROWSER=1 turns the skip into a failure."""

    def find(*names: str) -> str:
        for name in names:
            if path := shutil.which(name):
                return path
        reason = f"none of these programs is here: {', '.join(names)}"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)

    return find


@pytest.fixture(scope="session")
def box():
    """Skip the test where no box for strangers' code can be made; REQUIRE_BOX=1 turns the skip into a failure."""
    from grader.sandbox import why_no_box

    if reason := why_no_box():
        reason = f"no box can be made: {reason}"
        if os.environ.get("REQUIRE_BOX") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
