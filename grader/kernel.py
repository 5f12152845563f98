"""The kernel in the box: runs cells in IPython and answers with JSON, one line for one request.

It runs beside what the student wrote, who can change all of it. It therefore knows nothing worth knowing, no test and
no expected value, and what it says is believed by nobody: the worst it can do is to answer wrongly.

Requests: ``{"id", "run": text, "seconds"}`` runs a cell; ``{"id", "value": name}`` asks for a variable;
``{"id", "call": name, "args", "kwargs", "seconds"}`` calls a function. Replies repeat the id.
"""

import io
import json
import os
import signal
import sys

__all__ = []

# Characters of an answer and of an error message that leave the box.
LARGEST_ANSWER = 2**20
LONGEST_ERROR = 300

AUDITED = {
    "os.remove": "deleted files",
    "os.rmdir": "deleted files",
    "shutil.rmtree": "deleted files",
    "os.exec": "started processes",
    "os.fork": "started processes",
    "os.forkpty": "started processes",
    "os.posix_spawn": "started processes",
    "os.system": "started processes",
    "subprocess.Popen": "started processes",
    "socket.connect": "reached for the network",
    "socket.getaddrinfo": "reached for the network",
    "socket.gethostbyname": "reached for the network",
    "socket.sendto": "reached for the network",
}


class TimeUp(KeyboardInterrupt):
    """The cell or call had its time. No Exception, or `except Exception` would swallow it."""


class Counted(io.FileIO):
    """A file that counts what is written to it."""

    written = 0

    def write(self, data):
        """Write, and count."""
        self.written += len(data)
        return super().write(data)


def start_shell():
    """Start IPython without what a grader has no use for: history, tracebacks, a window system."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class Shell(InteractiveShell):
        def enable_gui(self, gui=None):
            """There is no window; %matplotlib inline asks all the same."""

        def ask_exit(self):
            """``exit()`` ends a session with a person, of whom there is none."""

        def showtraceback(self, *arguments, **options):
            """Nobody reads it here, and formatting it takes longer than most cells."""

        showsyntaxerror = showtraceback

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    return Shell.instance(config=config)


def plain(value):
    """Turn a NumPy number or array into one that JSON knows."""
    if type(value).__module__.split(".")[0] == "numpy" and hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"the answer is a {type(value).__name__}, which JSON does not know")


def looks_for_fonts() -> bool:
    """Say whether Matplotlib is at work, which starts a program and clears up after it when it is first imported."""
    frame = sys._getframe()
    while frame and not frame.f_code.co_filename.endswith("matplotlib/font_manager.py"):
        frame = frame.f_back
    return frame is not None


def described(error) -> dict:
    """Name an error and say what it says, as far as it can be made to."""
    try:
        text = str(error)
    except BaseException:
        text = ""
    return {"error": type(error).__name__, "text": text[:LONGEST_ERROR]}


def answer(shell, request: dict) -> dict:
    """Do what is asked and return the reply, whatever happens."""
    try:
        signal.setitimer(signal.ITIMER_REAL, request["seconds"])
        if "run" in request:
            done = shell.run_cell(request["run"], store_history=False)
            error = done.error_before_exec or done.error_in_exec
            return described(error) if error else {}
        name = request.get("value") or request.get("call")
        if name not in shell.user_ns:
            return {"error": "NameError", "text": f"{name} is not defined"}
        value = shell.user_ns[name]
        if "call" in request:
            value = value(*request["args"], **request["kwargs"])
        elif callable(value):
            return {"callable": True}
        text = json.dumps(value, default=plain, allow_nan=False)
        if len(text) > LARGEST_ANSWER:
            return {"error": "ValueError", "text": f"the answer has more than {LARGEST_ANSWER} characters"}
        return {"json": text}
    except BaseException as error:
        return described(error)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def main():
    """Answer requests until there are no more."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(null, descriptor)
    output = Counted(1, "w", closefd=False)
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(output), encoding="utf-8", errors="backslashreplace")
    sys.stderr = sys.stdout

    def time_up(*_):
        raise TimeUp

    signal.signal(signal.SIGALRM, time_up)
    sys.path.insert(0, "")
    shell = start_shell()
    seen = set()

    def audit(event, arguments):
        is_local = event == "socket.connect" and not isinstance(arguments[1], tuple)
        if event in AUDITED and not is_local and not looks_for_fonts():
            seen.add(AUDITED[event])

    sys.addaudithook(audit)
    for line in requests:
        request = json.loads(line)
        reply = answer(shell, request)
        reply |= {"id": request["id"], "seen": sorted(seen), "written": output.written}
        replies.write(json.dumps(reply).encode() + b"\n")
        replies.flush()


if __name__ == "__main__":
    main()
