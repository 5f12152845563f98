"""A formula gives an array of any type what it gives the numbers in it."""

import numpy
import pytest

from tokenomics.cache import cache_bytes, kv_bytes_per_token
from tokenomics.catalogue import model
from tokenomics.operations import decode_operations, prefill_operations, total
from tokenomics.parameters import weight_bytes
from tokenomics.prefill import expanded_decode_flops, long_prefill_flops, prefill_flops, rule_of_thumb_flops
from tokenomics.routing import experts_touched
from tokenomics.work import decode_flops, decode_kv_traffic, decode_weight_traffic

LARGE = model("llama-3.1-405b")
LATENT = model("deepseek-v3")
# Each takes one number; what comes out passes what the type of an array of it can hold.
COUNTS = {
    "prefill": lambda n: prefill_flops(LARGE, tokens=n, batch=256),
    "prefill of latents": lambda n: prefill_flops(LATENT, tokens=n, batch=256),
    "long prefill": lambda n: long_prefill_flops(LARGE, tokens=n),
    "rule of thumb": lambda n: rule_of_thumb_flops(n, 10**19),
    "decode": lambda n: decode_flops(LARGE, batch=n, context=n),
    "expanded decode": lambda n: expanded_decode_flops(LATENT, batch=n, context=n),
    "weight traffic": lambda n: decode_weight_traffic(LATENT, bits=n, batch=n),
    "cache traffic": lambda n: decode_kv_traffic(LATENT, batch=n, context=n, bits=n),
    "cache": lambda n: cache_bytes(LATENT, context=n, bits=n),
    "cache of a token": lambda n: kv_bytes_per_token(LARGE, bits=n),
    "weights": lambda n: weight_bytes(n, 10**18),
    "experts": lambda n: experts_touched(n, 8, n),
    "operations of a decode": lambda n: total(decode_operations(LATENT, batch=n, context=n, bits=n), "flops"),
    "operations of a prefill": lambda n: total(prefill_operations(LATENT, tokens=n, batch=n, bits=n), "kv_written"),
}


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("kind", ["int16", "int32", "int64", "uint8", "float16", "float32"])
def test_an_array_gives_what_its_numbers_give_whatever_its_type(name, kind):
    number = 200 if kind == "uint8" else 32_000 if kind in ("int16", "float16") else 131_072
    expected = float(COUNTS[name](number))
    found = COUNTS[name](numpy.array([number], dtype=kind))
    assert found.dtype == float and found.tolist() == [pytest.approx(expected, rel=1e-12)]
