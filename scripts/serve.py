"""Serve the built book on localhost, until Ctrl-C."""

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HTML = Path(__file__).resolve().parent.parent / "_build" / "html"


def main(port: str) -> None:
    if not (port.isdecimal() and 0 < int(port) < 65536):
        sys.exit(f"PORT={port} is not a port: give a number from 1 to 65535.")
    try:
        server = ThreadingHTTPServer(("localhost", int(port)), partial(SimpleHTTPRequestHandler, directory=HTML))
    except OSError as error:
        sys.exit(f"PORT={port} cannot be opened ({error.strerror}): give another, for example PORT={int(port) + 1}.")
    print(f"Serving on http://localhost:{server.server_port}, until Ctrl-C.", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main(sys.argv[1])
