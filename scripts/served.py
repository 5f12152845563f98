"""Simulate what the calculator of the serving chapter shows, and keep it in the catalogue.

Some nine hundred runs, ten minutes on two cores. Run it when the simulator, the constants of an engine or the
workloads have changed; tests/test_served.py says when.
"""

import datetime
import json
import re
from concurrent.futures import ProcessPoolExecutor

from tokenomics import catalogue
from tokenomics.served import LOADS, PATTERNS, PLACES, POLICIES, loaded, place, row
from tokenomics.steady_state import steady_state
from tokenomics.workloads import workload, workload_names


def columns(case: tuple) -> dict:
    """One line of the file: the loads of a server, a workload, a policy and a pattern of arrivals."""
    server, name, policy, pattern = case
    where = place(server)
    found = [row(where, loaded(where, name, pattern, load), POLICIES[policy]) for load in LOADS]
    return {key: [entry[key] for entry in found] for key in found[0]}


def label(server: str) -> str:
    where = place(server)
    devices = where.parallelism.tensor
    count = f"{devices} × " if devices > 1 else "one "
    return f"{catalogue.model_entry(where.model.name)['label']} on {count}{where.accelerator.label}"


def main() -> None:
    cases = [
        (server, name, policy, pattern)
        for server in PLACES
        for name in workload_names()
        for policy in POLICIES
        for pattern in PATTERNS
    ]
    places = {
        server: {
            "label": label(server),
            "largest": {name: steady_state(place(server), workload(name)).largest_rate for name in workload_names()},
            "runs": {},
        }
        for server in PLACES
    }
    with ProcessPoolExecutor() as executor:
        for (server, name, policy, pattern), found in zip(cases, executor.map(columns, cases), strict=True):
            places[server]["runs"].setdefault(name, {}).setdefault(policy, {})[pattern] = found
            print(server, name, policy, pattern, flush=True)
    kept = {
        "source": "the simulator of this package, scripts/served.py",
        "date": datetime.date.today().isoformat(),
        "places": places,
    }
    text = json.dumps(kept, indent=1, ensure_ascii=False)
    catalogue.path("served.json").write_text(compact(text) + "\n", encoding="utf-8")


def compact(text: str) -> str:
    """Put each column on one line, and 1 for 1.0."""
    short = re.sub(r"\[[^\[\]{}]*\]", lambda found: json.dumps(json.loads(found[0])), text)
    return re.sub(r"(\d)\.0(?=[,\]])", r"\1", short)


if __name__ == "__main__":
    main()
