"""What Lighthouse says of each page, as a phone on a slow network sees it: `python -m benchmarks.lighthouse [page …]`.

Lighthouse is fetched from npm into .cache when it is first asked for: it is large, and no test needs it. The pages are
served compressed, as every host of static pages does.
"""

import gzip
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from .browser import FLAGS, HTML, NAMES, ROOT, Quiet, server

VERSION = "12.8.2"
FOLDER = ROOT / ".cache" / "lighthouse"
TARGETS = {"Performance": 95, "Accessibility": 100, "Best Practices": 100, "SEO": 100}
LARGEST = 2_000_000  # bytes of a page with all that it loads, figures apart, before compression


class Compressed(Quiet):
    """Serves text compressed, over connections that are kept open."""

    protocol_version = "HTTP/1.1"

    def send_head(self):
        path = Path(self.translate_path(self.path))
        if not path.is_file() or path.suffix not in {".html", ".css", ".js", ".svg", ".xml"}:
            return super().send_head()
        body = gzip.compress(path.read_bytes())
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return io.BytesIO(body)


def fetch() -> None:
    if not (FOLDER / "node_modules" / "lighthouse").is_dir():
        print(f"Fetching Lighthouse {VERSION} from npm into .cache …", flush=True)
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / "package.json").write_text("{}")
        command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", f"lighthouse@{VERSION}"]
        subprocess.run(command, cwd=FOLDER, check=True, stdout=subprocess.DEVNULL)


def reports(pages: list[str], program: str):
    """Yield what Lighthouse finds of each page."""
    # Chromium's sandbox refuses to run as root, as in a container.
    flags = ["--headless=new", *FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with server(handler=Compressed) as address:
        command = ["node", Path(__file__).with_suffix(".mjs"), FOLDER, program, json.dumps(flags)]
        command += [address + page for page in pages]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as node:
            for page, line in zip(pages, node.stdout, strict=False):
                yield page, json.loads(line)


def main(pages: list[str]) -> None:
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        sys.exit(f"No browser to measure with: install one of {', '.join(NAMES)}.")
    built = sorted(path.relative_to(HTML).as_posix() for path in HTML.rglob("*.html") if "_static" not in path.parts)
    pages = pages or built
    if not pages:
        sys.exit("No page in _build/html: run `make book` first.")
    if unknown := sorted({*pages} - {*built}):
        sys.exit(f"Not in _build/html: {', '.join(unknown)}; a page is named like chapters/decode-law.html.")
    fetch()
    print(f"{'':42}" + "".join(f"{name:>16}" for name in TARGETS) + f"{'bytes':>12}")
    for page, report in reports(pages, program):
        size = sum(bytes for address, bytes in report["loaded"] if "_images" not in address)
        scores = [report["scores"][name] for name in TARGETS]
        missed = [f"{name} below {TARGETS[name]}" for name in TARGETS if report["scores"][name] < TARGETS[name]]
        missed += [f"more than {LARGEST:,} bytes"] * (size > LARGEST)
        print(f"{page:42}" + "".join(f"{score:16}" for score in scores) + f"{size:12,}", flush=True)
        if missed:
            print(f"    {', '.join(missed)}: {'; '.join(report['faults'])}")


if __name__ == "__main__":
    main(sys.argv[1:])
