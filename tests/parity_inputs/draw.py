"""Random inputs for the formulas of the page."""

from tokenomics import catalogue, latency
from tokenomics.architecture import Architecture
from tokenomics.blocks import Attention, Experts, FeedForward, LatentAttention, Layer
from tokenomics.explorer.calculators import CALCULATORS, shelf

SHELF = shelf(CALCULATORS["decode"].controls)
CONVENTIONS = ("with embeddings", "without input embedding", "without embedding and head")


def size(rng):
    """Between a nano and a peta of something, evenly over the powers of ten; now and then a plain integer."""
    value = 10 ** rng.uniform(-9, 15)
    return round(value) + 1 if rng.random() < 0.3 else value


def count(rng, largest=512):
    return rng.randint(1, largest)


def bits(rng):
    return rng.choice([4, 4.5, 8, 16, 32])


def number_to_print(rng):
    """Positive, negative, zero, and the numbers at which rounding adds a digit."""
    kind = rng.randrange(8)
    if kind == 0:
        return 0
    if kind == 1:
        return float(f"{rng.choice(['9.99', '99.9', '999', '9.995', '99.95', '999.5'])}e{rng.randint(-9, 12)}")
    return -size(rng) if kind == 2 else size(rng)


def grouped(rng):
    kv_heads = count(rng, 16)
    return Attention(
        heads=kv_heads * count(rng, 8),
        kv_heads=kv_heads,
        head_dim=rng.choice([64, 80, 128, 256]),
        query_bias=rng.random() < 0.5,
        key_value_bias=rng.random() < 0.5,
        output_bias=rng.random() < 0.5,
        value_dim=rng.choice([None, 96]),
        window=rng.choice([None, count(rng, 8192)]),
        gate_width=rng.choice([0, 64]),
        norm_parameters=rng.choice([0, 256]),
        vectors=rng.choice([0, 64]),
    )


def latent(rng):
    return LatentAttention(
        heads=count(rng, 128),
        latent_rank=count(rng, 512),
        rope_dim=64,
        nope_dim=128,
        value_dim=count(rng, 128),
        query_rank=count(rng, 1536) if rng.random() < 0.7 else None,
    )


def attention(rng):
    return grouped(rng) if rng.random() < 0.7 else latent(rng)


def experts(rng):
    stored = count(rng, 256)
    return Experts(
        count=stored,
        active=count(rng, stored),
        intermediate_size=count(rng, 4096),
        gated=rng.random() < 0.5,
        bias=rng.random() < 0.5,
        router_bias=rng.random() < 0.5,
        shared_gate=rng.random() < 0.5,
    )


def layer(rng):
    feed_forward = FeedForward(intermediate_size=count(rng, 60000), gated=rng.random() < 0.5, bias=rng.random() < 0.5)
    return Layer(
        count=count(rng, 128),
        attention=attention(rng),
        feed_forward=feed_forward,
        norms=rng.randrange(5),
        experts=experts(rng) if rng.random() < 0.3 else None,
    )


def architecture(rng):
    if rng.random() < 0.2:
        return catalogue.model(rng.choice(catalogue.models()))
    return Architecture(
        name="random",
        hidden_size=count(rng, 20000),
        vocabulary_size=count(rng, 300000),
        layers=tuple(layer(rng) for _ in range(count(rng, 3))),
        tied_embeddings=rng.random() < 0.5,
    )


def machine(rng):
    return catalogue.accelerator(rng.choice(catalogue.accelerators()))


def decode_options(rng):
    return {
        "batch": count(rng),
        "context": rng.uniform(1, 200000),
        "devices": count(rng, 64),
        "weight_bits": bits(rng),
        "kv_bits": bits(rng),
        "precision": rng.choice(["bf16", "fp8", "int8", "fp4"]),
    }


def step(rng):
    return latency.decode_step(architecture(rng), machine(rng), **decode_options(rng))


def roofline_inputs(rng):
    options = decode_options(rng)
    with_peak = [name for name in catalogue.accelerators() if "bf16" in catalogue.accelerator(name).peaks]
    chosen = catalogue.accelerator(rng.choice(with_peak))
    result = latency.decode_step(architecture(rng), chosen, **options)
    return chosen, options["devices"], result, latency.step_time(result)


def values(rng, calculator):
    return {control.name: rng.choice(control.options)[0] for control in CALCULATORS[calculator].controls}


def sizes(how_many):
    return lambda rng: ([size(rng) for _ in range(how_many)], {})


def positional(*makers):
    return lambda rng: ([make(rng) for make in makers], {})
