"""How to draw the arguments of the formulas of batching and of many devices."""

from tokenomics import batching, burst, footprint, parallelism, passes, prefill, server
from tokenomics.deployment import precision
from tokenomics.efficiency import CEILING, efficiencies
from tokenomics.explorer.calculators import CALCULATORS, shelf
from tokenomics.explorer.panels import batch, devices, pieces
from tokenomics.parallelism import Parallelism

from .draw import architecture, attention, count, machine, positional, size, sizes, values

SHELF = shelf(CALCULATORS["batch"].controls)


def split(rng):
    ways = [1, 2, 3, 4, 8, 16]
    return Parallelism(tensor=rng.choice(ways), pipeline=rng.choice(ways), replicas=rng.choice(ways))


def weights(rng):
    return precision(rng.choice(["bf16", "fp8", "int4-awq", "fp4", "mlx-q4"]))


def place(rng):
    return server.server(architecture(rng), machine(rng), split(rng), weights(rng), rng.choice([8, 16]))


def engine(rng):
    return rng.choice([CEILING, *efficiencies().values()])


def burst_inputs(rng):
    reply = count(rng, 2000)
    return place(rng), engine(rng), rng.uniform(0.1, 1), count(rng, 20000), reply, count(rng, 2000), reply + count(rng)


def found(rng):
    return burst.times(*burst_inputs(rng))


def forward(rng):
    counts = ("running", "staged", "context", "seen", "prompts", "tokens", "passes")
    keywords = {name: count(rng, 4096) for name in counts}
    pairs = {"pairs": (size(rng), size(rng)), "reread": (count(rng), count(rng)), "eager": rng.random()}
    return [place(rng), engine(rng), rng.uniform(0.1, 1)], keywords | pairs


def chosen(name):
    return lambda rng: ([SHELF, values(rng, name)], {})


def of_devices(rng):
    picked = values(rng, "devices")
    return SHELF, picked, devices.spread_over(SHELF, picked, count(rng, 16))


def batch_drawing(rng):
    picked = values(rng, "batch") | {"model": "llama-3.1-8b", "machine": "H100-SXM-80GB"}
    where = pieces.serve(SHELF, picked, 1, 1, 1)
    constants, share = SHELF["engines"][picked["engine"]], pieces.share_reached(SHELF, picked)
    timed = burst.times(where, constants, share, picked["prompt"], picked["reply"], picked["batch"], picked["reply"])
    return [where, constants, share, picked, timed], {}


INPUTS = {
    batching.burst_time: sizes(5),
    batching.cache_read_time: sizes(4),
    batching.concurrency_limit: sizes(5),
    batching.eager_share: positional(count, count, count),
    batching.pass_time: sizes(5),
    batching.stream_time: sizes(6),
    batching.utilisation: sizes(4),
    batching.waves: sizes(2),
    burst.largest_part: positional(found),
    burst.times: lambda rng: (list(burst_inputs(rng)), {}),
    parallelism.all_reduce_bytes: positional(size, count),
    parallelism.busiest_share: positional(count, count),
    parallelism.exchange_bytes: positional(size, count, count),
    parallelism.microbatch: positional(size, count),
    passes.compute_share: lambda rng: ([engine(rng), rng.choice(["bf16", "fp8", "fp4"])], {}),
    passes.forward_pass: forward,
    passes.prompt_pairs: lambda rng: ([place(rng), count(rng, 9999) + 512, count(rng)], {}),
    prefill.attended_pairs: lambda rng: ([count(rng), count(rng)], {"attention": rng.choice(["full", "causal"])}),
    prefill.expanded_attention_flops: positional(attention, count, count),
    server.arithmetic_of: positional(weights, machine),
    footprint.footprint: positional(architecture),
    server.on_machines: lambda rng: (
        [footprint.footprint(architecture(rng)), machine(rng), split(rng), weights(rng), 8],
        {},
    ),
    server.server: lambda rng: ([architecture(rng), machine(rng), split(rng), weights(rng), 16], {}),
    pieces.serve: lambda rng: ([SHELF, values(rng, "batch"), count(rng, 8), count(rng, 8), count(rng, 8)], {}),
    pieces.share_reached: chosen("batch"),
    batch.batch_chart: batch_drawing,
    batch.batch_panel: chosen("batch"),
    batch.rate_mark: lambda rng: (["this batch", count(rng), size(rng), rng.randrange(6)], {}),
    batch.step_bar: positional(found),
    devices.spread_over: lambda rng: ([SHELF, values(rng, "devices"), count(rng, 16)], {}),
    devices.step_on: lambda rng: (list(of_devices(rng)), {}),
    devices.devices_panel: chosen("devices"),
}
