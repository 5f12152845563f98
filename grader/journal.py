"""The journal of a batch: one line for each submission that is done, on the disk before the next begins."""

import fcntl
import json
import os
from hashlib import sha256
from pathlib import Path

__all__ = ["Journal", "key_of"]


def key_of(*parts) -> str:
    """Name a piece of work by all that it depends on."""
    digest = sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogateescape")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


class Journal:
    """Results by key, kept in a file that only one grader writes. A context manager.

    A line that was cut off when the machine went down is dropped, and its submission graded again.
    """

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise ValueError(f"{path}: another grader is at work on it; wait for it, or give another folder") from None
        self._file.seek(0)
        whole, _, rest = self._file.read().rpartition(b"\n")
        if rest:
            self._file.truncate(len(whole) + bool(whole))
        self.results = dict(_entries(path, whole))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()

    def add(self, key: str, result: dict):
        """Keep a result; when this returns, it is on the disk."""
        self._file.write(json.dumps({"key": key, "result": result}).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self.results[key] = result


def _entries(path: Path, text: bytes):
    for number, line in enumerate(text.splitlines(), 1):
        try:
            entry = json.loads(line)
            yield entry["key"], entry["result"]
        except (ValueError, TypeError, KeyError):
            raise ValueError(f"{path}, line {number}: is no entry of a journal; restore or remove it") from None
