"""A Chromium that reaches no host but this one, and a server for the built pages: for benchmarks and browser tests."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
HTML = ROOT / "_build" / "html"
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    # No name but that of the local server is resolved, so a page that asks for another host fails, and is seen to.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing of each."""

    def log_message(self, *arguments) -> None:
        pass


@contextmanager
def server(folder: Path = HTML, handler: type[Quiet] = Quiet) -> Iterator[str]:
    """Serve a folder on a free port; gives the address, with a closing slash."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=folder)) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}/"
        http.shutdown()


@contextmanager
def chromium(program: str) -> Iterator[Browser]:
    """Start the Chromium of this path, without a window."""
    # Chromium's sandbox refuses to run as root, as in a container.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        # Chromium keeps its crash reports where the desktop keeps settings; here that is inside the clone.
        settings = {**os.environ, "XDG_CONFIG_HOME": str(ROOT / ".cache" / "config")}
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS + sandbox, env=settings)
        yield browser
        browser.close()
