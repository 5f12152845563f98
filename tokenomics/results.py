"""Read the result files of benchmark tools as measurements."""

import json
from dataclasses import dataclass
from pathlib import Path

from .measurement_tables import Problem, read_rows, text_of
from .measurements import from_row

__all__ = ["Setting", "read_measurements"]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a result file does not say about the run.

    Parameters
    ----------
    hardware : str
        The machine, by its name in the catalogue. [-]
    devices : int, optional
        How many. [-]
    parallelism : str, optional
        How the model is spread; empty is tensor parallel over all. [-]
    weights : str, optional
        Precision of the weights. [-]
    engine : str, optional
        The engine, where the file does not say. [-]
    model : str, optional
        The model, where the name in the file is not the catalogue's. [-]

    Examples
    --------
    >>> Setting(hardware="H100-SXM-80GB", devices=4).weights
    'bf16'
    """

    hardware: str
    devices: int = 1
    parallelism: str = ""
    weights: str = "bf16"
    engine: str = "vLLM"
    model: str = ""


def read_measurements(path, setting: Setting | None = None) -> tuple:
    """Read a table, or the JSON of vLLM's serving benchmark or of source 004's tool.

    Parameters
    ----------
    path : str or path-like
        Where the file is. [-]
    setting : Setting or None, optional
        What the JSON does not say; a table says it all. [-]

    Returns
    -------
    tuple of (list of Measurement, list of Problem)
        The good rows, and why the others were left out. [-]

    Raises
    ------
    ValueError
        If the file is neither, or a JSON comes without a setting.
    OSError
        If the file cannot be read.

    Notes
    -----
    Of vLLM's benchmark the output rate is read at any load, the times to and between
    tokens of single requests only: under load they depend on who waits for
    whom, which a burst does not tell.

    Examples
    --------
    >>> from tokenomics import catalogue
    >>> len(read_measurements(catalogue.path("vllm_grid.csv"))[0])
    616
    """
    text = text_of(path)
    name = Path(path).name
    if text.lstrip()[:1] not in ("{", "["):
        return read_rows(text, name)
    records = _json_records(text, name)
    if setting is None:
        raise ValueError(
            f"{name}: a benchmark's JSON does not name the machine; give it, for example --machine H100-SXM-80GB"
        )
    good, problems = [], []
    for number, record in enumerate(records, start=1):
        try:
            for row in _rows(record, name):
                good.append(from_row(_with_setting(row, setting), f"{name}, result {number}"))
        except (ValueError, TypeError, KeyError) as error:
            reason = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
            problems.append(Problem(line=number, column=getattr(error, "column", ""), reason=reason))
    return good, problems


def _json_records(text: str, name: str) -> list:
    """The results in a file: one object, a list of them, or one a line."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        try:
            data = [json.loads(line) for line in lines]
        except json.JSONDecodeError:
            raise ValueError(f"{name}: line {error.lineno}: not JSON ({error.msg})") from None
    return data if isinstance(data, list) else [data]


def _rows(record: dict, name: str) -> list:
    if not isinstance(record, dict):
        raise ValueError(f"a result is a JSON object, not {type(record).__name__}")
    if "results" in record and "metadata" in record:
        return _burst_rows(record)
    if "total_output_tokens" in record and "completed" in record:
        return _serving_rows(record)
    raise ValueError(f"{name}: neither a result of vLLM's serving benchmark nor of the burst benchmark of source 004")


def _burst_rows(record: dict) -> list:
    """Source 004's tool: a burst of each size, all requests at once."""
    about = record["metadata"]
    return [
        {
            "model": about["model"],
            "input_tokens": run["avg_input_tokens"],
            "output_tokens": run["avg_output_tokens"],
            "longest": about.get("max_tokens", ""),
            "batch_or_concurrency": batch,
            "metric": "output_tok_s_total",
            "value": run["tokens_per_second_in_batch"],
            "date": about.get("timestamp", "")[:10],
            "source": "burst benchmark",
        }
        for batch, run in record["results"].items()
    ]


def _serving_rows(record: dict) -> list:
    """vLLM's serving benchmark: requests at a rate or a concurrency."""
    completed = record["completed"]
    if not completed > 0:
        raise ValueError("completed is 0; no request came back, so there is nothing to compare")
    output = record["total_output_tokens"] / completed
    row = {
        "model": record["model_id"],
        "input_tokens": record["total_input_tokens"] / completed,
        "output_tokens": output,
        "date": str(record.get("date", ""))[:8],
        "source": "vLLM serving benchmark",
        "engine": record.get("backend") or "",
    }
    together = record.get("max_concurrency")
    if together is None and record.get("request_rate") in ("inf", float("inf"), None):
        together = completed
    if together is None:
        # Little's law: those in the server are those that arrive a second times the seconds each stays.
        stay = (record["mean_ttft_ms"] + max(output - 1, 0) * record["mean_tpot_ms"]) / 1e3
        together = max(1.0, completed / record["duration"] * stay)
    together = min(together, completed)
    found = [
        row | {"batch_or_concurrency": together, "metric": "output_tok_s_total", "value": record["output_throughput"]}
    ]
    if together == 1:
        for metric, key in (("ttft_ms", "mean_ttft_ms"), ("tpot_ms", "mean_tpot_ms")):
            if record.get(key):
                found.append(row | {"batch_or_concurrency": 1, "metric": metric, "value": record[key]})
    return found


def _with_setting(row: dict, setting: Setting) -> dict:
    engine = row.get("engine") or setting.engine
    full = row | {
        "hardware": setting.hardware,
        "n_gpus": setting.devices,
        "parallelism": setting.parallelism or f"TP{setting.devices}",
        "precision_weights": setting.weights,
        "engine": setting.engine if engine in ("openai", "openai-chat") else engine,
        "model": setting.model or row["model"],
    }
    return {key: str(value) for key, value in full.items()}
