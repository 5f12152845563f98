"""Measuring a machine, with PyTorch at work: what is counted while it runs, and a run from end to end."""

import os
import signal
import subprocess
import sys
import time

import jsonschema
import pytest
from test_measuring import check_count, empty

from tokenomics import catalogue
from tokenomics.architecture import from_config
from tokenomics.cli import main
from tokenomics.measuring import bench, runner
from tokenomics.measuring.compare import beside, errors, fit_run
from tokenomics.measuring.counting import count_pass
from tokenomics.measuring.decoder import empty_cache, forward, random_decoder
from tokenomics.measuring.devices import describe, releasing_memory, versions
from tokenomics.measuring.files import read
from tokenomics.measuring.plan import Extent, plan
from tokenomics.measuring.record import Run
from tokenomics.measuring.schema import json_schema, to_json

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
# On a busy machine two threads wait for each other more than they work.
torch.set_num_threads(1)

LLAMA = {
    "model_type": "llama", "hidden_size": 96, "num_hidden_layers": 3, "num_attention_heads": 6,
    "num_key_value_heads": 2, "head_dim": 16, "intermediate_size": 160, "vocab_size": 301,
    "tie_word_embeddings": False,
}  # fmt: skip
CONFIGS = {
    "grouped": LLAMA,
    "every head its own": {**LLAMA, "num_key_value_heads": 6},
    "one key head": {**LLAMA, "num_key_value_heads": 1},
    "tied": {**LLAMA, "tie_word_embeddings": True},
    "with biases": {**LLAMA, "model_type": "qwen2"},
}
SHAPES = [
    ("prefill", {"tokens": 1}),
    ("prefill", {"tokens": 7}),
    ("decode", {"batch": 1, "context": 2}),
    ("decode", {"batch": 5, "context": 40}),
]
cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch sees no CUDA device")


def decoder(name, dtype=torch.float32, device="cpu"):
    torch.manual_seed(0)
    return random_decoder(from_config(CONFIGS[name], name=name), device, dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("kind", "shape"), SHAPES)
@pytest.mark.parametrize("name", CONFIGS)
def test_what_runs_is_what_the_formulas_count(name, kind, shape, dtype):
    made = decoder(name, dtype)
    check_count(count_pass(made, kind, shape), made.architecture)


@pytest.mark.parametrize("name", CONFIGS)
def test_decoding_with_a_cache_gives_what_the_whole_prompt_gives(name):
    """The cache, the positions and the mask are right, or the last logits would differ."""
    made = decoder(name)
    tokens = torch.randint(0, 301, (2, 9))
    with torch.no_grad():
        whole = forward(made, tokens, empty_cache(made, 2, 9), 0)
        cache = empty_cache(made, 2, 9)
        forward(made, tokens[:, :6], cache, 0)
        for place in (6, 7, 8):
            step = forward(made, tokens[:, place : place + 1], cache, place)
    assert whole.shape == (2, 301) and torch.allclose(whole, step, atol=1e-4)


@pytest.mark.parametrize("name", CONFIGS)
def test_the_weights_weigh_what_the_formulas_say(name):
    from tokenomics.parameters import total_parameters

    made = decoder(name)
    stored = {part.data_ptr(): part.numel() for part in made.weights}
    assert sum(stored.values()) == total_parameters(made.architecture)


def test_a_lack_of_memory_has_one_name():
    with pytest.raises(MemoryError, match="allocate"), releasing_memory(torch, "cpu"):
        torch.empty(10**16)
    with pytest.raises(RuntimeError, match="another"), releasing_memory(torch, "cpu"):
        raise RuntimeError("another fault")


SMALL = Extent(
    least_buffer=2**24,
    products=(256,),
    precisions=("fp32", "bf16"),
    width=512,
    vectors=(1, 8),
    prompts=(8, 32),
    batches=(1, 2),
    contexts=(16, 64),
)


def test_a_small_run_from_end_to_end(monkeypatch):
    monkeypatch.setattr(catalogue, "model", lambda name: from_config(CONFIGS[name], name=name))
    tasks, left_out = plan("cpu", ["with biases"], "bf16", 16e9, 0.0, SMALL)
    states = []
    run = runner.carry_out(tasks, *bench.bench(torch, "cpu", "bf16", 0.01), empty(), states.append)
    assert run.state == "complete" and left_out == [] and run.left_out == () and len(states) == len(tasks) + 1
    assert len(run.points) == 2 + 2 + 2 + 1 + 2 + 4
    jsonschema.Draft202012Validator(json_schema(Run)).validate(to_json(run))
    for count in run.counts:
        check_count(count, from_config(CONFIGS[count.model]))
    assert 0 < fit_run(run).constants.weight_bandwidth < 1 and errors(beside(run))["fitted"] > 0


def test_the_machine_tells_of_itself():
    machine = describe(torch, "cpu")
    assert machine.memory > 1e9 and machine.last_cache > 1e5 and machine.threads >= 1
    assert versions(torch, "cpu")["torch"] == str(torch.__version__)


def test_without_cuda_the_command_line_says_so(capsys):
    if torch.cuda.is_available():
        pytest.skip("here is CUDA")
    assert main(["measure", "--device", "cuda"]) == 2
    assert capsys.readouterr().err.count("sees no CUDA device; give --device cpu") == 1


def test_too_large_a_model_is_refused_with_one_that_fits(capsys, monkeypatch):
    monkeypatch.setattr("tokenomics.measuring.devices.free_memory", lambda torch, device: 4e9)
    assert main(["measure", "--device", "cpu", "--model", "llama-3.1-8b"]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "the largest that fits is qwen2.5-1.5b" in err


def test_a_file_is_never_written_over(capsys, tmp_path):
    path = tmp_path / "mine.json"
    path.write_text("precious")
    assert main(["measure", "--device", "cpu", "--output", str(path)]) == 2
    assert "which is there already; give a new name" in capsys.readouterr().err and path.read_text() == "precious"


def test_ctrl_c_leaves_a_marked_file(tmp_path):
    path = tmp_path / "mine.json"
    command = [sys.executable, "-m", "tokenomics", "measure", "--device", "cpu", "--budget", "0.01"]
    started = subprocess.Popen([*command, "--output", str(path)], stderr=subprocess.PIPE, text=True, env=os.environ)
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline and not (path.exists() and len(read(path).points) >= 3):
        assert started.poll() is None
        time.sleep(0.1)
    os.kill(started.pid, signal.SIGINT)
    err = started.communicate(timeout=100)[1]
    run = read(path)
    assert started.returncode == 130 and run.state == "interrupted" and len(run.points) >= 3
    assert any(line.endswith(": interrupted") for line in run.left_out) and "Traceback" not in err


@cuda
@pytest.mark.parametrize(("kind", "shape"), SHAPES)
def test_on_cuda_the_counts_are_the_same(kind, shape):
    made = decoder("grouped", torch.bfloat16, "cuda")
    check_count(count_pass(made, kind, shape), made.architecture)


@cuda
def test_a_graph_does_what_its_operations_do():
    made = decoder("grouped", torch.float32, "cuda")
    cache, new = empty_cache(made, 2, 33), torch.zeros(2, 1, dtype=torch.long, device="cuda")
    out = torch.zeros(2, 301, device="cuda")
    with torch.inference_mode():
        replay = bench.graphed(torch, lambda: out.copy_(forward(made, new, cache, 32)))
        new += 5
        replay()
        assert torch.allclose(out, forward(made, new, cache, 32), atol=1e-4)
