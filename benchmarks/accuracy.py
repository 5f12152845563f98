"""How accurate the model is beside others on the same rows: ``python -m benchmarks.accuracy``.

The rows are the measured runs of vLLM in the catalogue. Each peer is installed by pip into an environment of its own
under `.cache/peers` and asked for the time of the prefill and of a decode step at the middle of the reply; the burst is
put together from these as its documentation has it. A peer that cannot be installed is left out and said so, and what
a peer says of rows that it cannot do is printed below the table.
"""

import dataclasses
import json
import subprocess
import sys
import time
import venv
from pathlib import Path
from statistics import fmean

from tokenomics import catalogue
from tokenomics.constants import two_shares
from tokenomics.deployment import deployment
from tokenomics.efficiency import CEILING, efficiencies
from tokenomics.measurements import from_row
from tokenomics.prediction import Workload, predict
from tokenomics.rows import predicted_over_measured, rows_of
from tokenomics.tables import print_table

ROOT = Path(__file__).resolve().parent.parent
PEERS = {
    "AIConfigurator, its kernels of vLLM": ("aiconfigurator==0.12.0", "aiconfigurator_peer.py"),
    "llm-analysis, its README's efficiencies": ("llm-analysis==0.2.2", "llm_analysis_peer.py"),
    "genz-llm, efficiency 0.7": ("genz-llm==0.0.16", "genz_peer.py"),
    "mlsysim, efficiency 0.5": ("mlsysim==0.3.0", "mlsysim_peer.py"),
}
SERIES = ("70B 2035/300", "70B 16035/1000", "8B 2035/300", "8B 16035/1000", "70B grid")


def rows() -> tuple:
    """The runs that were kept, and the series of each."""
    kept = [row for row in catalogue.rows("vllm_grid") if not row["left_out"]]
    return [from_row(row, "run") for row in kept], [row["series"] for row in kept]


def ours(runs, series) -> dict:
    """Our predicted rate of each run, by model: no constant, the best two, and the set of the catalogue."""
    vllm = efficiencies()["vllm, H100-SXM-80GB"]
    ceiling = dataclasses.replace(CEILING, memory_share=vllm.memory_share, max_sequences=vllm.max_sequences)
    two = two_shares(runs, series)
    side_by_side = rows_of(runs)
    found = {}
    for name, constants in (("no constant: the ceiling", ceiling), ("two constants", two), ("tokenomics", vllm)):
        ratios = predicted_over_measured(side_by_side, constants)[0]
        found[name] = ([run.value / ratio for run, ratio in zip(runs, ratios, strict=True)], milliseconds(), {})
    return found


def milliseconds() -> float:
    """Time of one scalar prediction."""
    place = deployment("llama-3.3-70b", "H100-SXM-80GB", tensor=4, engine="vllm")
    work = Workload(input_tokens=2035, output_tokens=300, requests=64)
    predict(place, work)
    start = time.perf_counter()
    for _ in range(1000):
        predict(place, work)
    return time.perf_counter() - start


def python_of(name: str, package: str) -> Path:
    """The Python of a peer's environment, made at the first use."""
    folder = ROOT / ".cache" / "peers" / name
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    done = subprocess.run([python, "-m", "pip", "install", "--quiet", package], capture_output=True, text=True)
    if done.returncode:
        raise OSError(f"pip could not install {package}")
    return python


def peer(package: str, script: str, runs) -> tuple:
    """The rates that a peer predicts, its milliseconds a prediction, and what it says of how many rows."""
    questions = [
        {
            "config": catalogue.model_entry(run.model)["config"],
            "devices": run.parallelism.devices,
            "input": run.input_tokens,
            "output": run.longest or run.output_tokens,
            "mean_output": run.output_tokens,
            "requests": run.requests,
        }
        for run in runs
    ]
    python = python_of(package.split("==")[0], package)
    done = subprocess.run(
        [python, ROOT / "benchmarks" / "peers" / script], input=json.dumps(questions), capture_output=True, text=True
    )
    if done.returncode:
        raise OSError(f"{script} failed: {done.stderr.strip().splitlines()[-1]}")
    answer = json.loads(done.stdout.strip().splitlines()[-1])
    return answer["rates"], answer["milliseconds"], answer["remarks"]


def main():
    """Print the table: mean absolute error and bias by series, and the time of a prediction."""
    runs, series = rows()
    found = ours(runs, series)
    for name, (package, script) in PEERS.items():
        try:
            found[name] = peer(package, script, runs)
        except OSError as error:
            print(f"left out: {name}: {error}", file=sys.stderr)
    table = []
    for name, (rates, duration, _) in found.items():
        cells = []
        for wanted in SERIES:
            errors = [
                rate / run.value - 1
                for rate, run, of in zip(rates, runs, series, strict=True)
                if of == wanted and rate is not None
            ]
            cells.append(f"{100 * fmean(map(abs, errors)):.1f} ({100 * fmean(errors):+.1f})" if errors else "-")
        table.append((name, *cells, f"{duration:.3g}"))
    print_table("Output rate: mean |error| % (bias; + is too fast)", ("", *SERIES, "ms a prediction"), table)
    for name, (_, _, remarks) in found.items():
        for remark, count in remarks.items():
            print(f"{name}, {count} of {len(runs)} rows: {remark}")


if __name__ == "__main__":
    main()
