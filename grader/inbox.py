"""What was handed in: a folder or a zip, as Canvas and Moodle name them, or as anybody does."""

import os
import re
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from .notebook import LARGEST

__all__ = ["Submission", "named", "submissions"]

# More files than these are no class, and more bytes in all no submissions.
_MOST_FILES = 20_000
_MOST_BYTES = 8 * 2**30

# What systems leave in folders and archives without being asked.
_JUNK = re.compile(r"(^|/)(__MACOSX|\.(?!\.?([/\\]|$))[^/]*|Thumbs\.db|desktop\.ini)(/|$)", re.IGNORECASE)
# lastnamefirstname_LATE_1234_56789_weights-1.ipynb
_CANVAS = re.compile(r"(?P<student>[^_]+)_(?P<late>LATE_)?(?P<identity>\d+)_\d+_.*", re.DOTALL)
# First Last_123456_assignsubmission_file_/weights.ipynb, or the same without a folder
_MOODLE = re.compile(r"(?P<student>.+?)_(?P<identity>\d+)_assignsubmission_file.*", re.DOTALL)


@dataclass(frozen=True)
class Submission:
    """A file that was handed in, whose it is, and why it was refused if it was."""

    name: str
    content: bytes = b""
    student: str = ""
    identity: str = ""
    late: bool = False
    refused: str = ""


def named(name: str, content: bytes = b"", refused: str = "") -> Submission:
    """Tell from its name whose a submission is.

    The student chooses how the name ends. So what the system put in front decides, a folder before the file in it.
    """
    path = PurePosixPath(name)
    folders = [(folder, _MOODLE) for folder in path.parts[:-1]]
    for text, pattern in (*folders, (path.name, _CANVAS), (path.name, _MOODLE)):
        if match := pattern.fullmatch(text):
            groups = match.groupdict()
            return Submission(name, content, groups["student"], groups["identity"], bool(groups.get("late")), refused)
    return Submission(name, content, path.stem, path.stem, False, refused)


def submissions(place: Path) -> Iterator[Submission]:
    """Yield the submissions in a folder or a zip, or the one notebook that is given; each has its name and content."""
    if place.is_dir():
        yield from _in_folder(place)
    elif zipfile.is_zipfile(place):
        yield from _in_zip(place)
    elif place.suffix == ".ipynb" and place.is_file():
        yield named(place.name, *_content(place))
    else:
        raise ValueError(f"{place}: no submissions; give a folder, a zip or an .ipynb")


def _in_folder(folder: Path) -> Iterator[Submission]:
    for parent, folders, files in os.walk(folder):
        folders.sort()
        for entry in sorted(files + [name for name in folders if name.endswith(".ipynb")]):
            path = Path(parent, entry)
            name = path.relative_to(folder).as_posix()
            if not _JUNK.search(name):
                yield named(name, *_content(path))


def _content(path: Path) -> tuple:
    """Read a file; what is no plain file is not opened, for it may never end."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return b"", "it is no plain file but a link, a folder or a device"
        if path.suffix.lower() != ".ipynb":
            return b"", "it is no notebook: its name does not end in .ipynb"
        with path.open("rb") as file:
            return file.read(LARGEST + 1), ""
    except OSError as error:
        return b"", f"it cannot be read: {error.strerror}"


def _in_zip(place: Path) -> Iterator[Submission]:
    with zipfile.ZipFile(place) as archive:
        members = [member for member in archive.infolist() if not member.is_dir() and not _JUNK.search(member.filename)]
        if len(members) > _MOST_FILES:
            raise ValueError(f"{place}: holds {len(members):,} files; at most {_MOST_FILES:,} are read")
        left = _MOST_BYTES
        for member in members:
            content, refused = _member(archive, member, left)
            left -= len(content)
            yield named(member.filename, content, refused)


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, left: int) -> tuple:
    """Read a file of an archive. Nothing is unpacked, so no name leads anywhere; odd ones are refused all the same."""
    path = PurePosixPath(member.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", member.filename):
        return b"", "its path leads out of the archive"
    mode = member.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return b"", "it is no plain file but a link or a device"
    if path.suffix.lower() != ".ipynb":
        return b"", "it is no notebook: its name does not end in .ipynb"
    if left <= 0:
        return b"", f"the archive holds more than {_MOST_BYTES:,} bytes"
    try:
        with archive.open(member) as file:
            return file.read(LARGEST + 1), ""
    except (OSError, RuntimeError, ValueError, NotImplementedError, EOFError, zipfile.BadZipFile) as error:
        return b"", f"the archive does not give it: {error}"
    except Exception as error:  # the decompressors have errors of their own
        return b"", f"the archive does not give it: {type(error).__name__}"
