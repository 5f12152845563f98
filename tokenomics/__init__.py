"""The economics of LLM inference: count a model, time the count, price the time.

The modules stand in the order of the idea. Import what you need from them:

>>> from tokenomics.catalogue import accelerator, model
>>> from tokenomics.latency import law_step_time
>>> from tokenomics.parameters import total_parameters
>>> llama, h100 = model("llama-3.3-70b"), accelerator("H100-SXM-80GB")
>>> round(1 / law_step_time(total_parameters(llama), 16, h100.bandwidth), 1)
23.7
"""

__version__ = "0.1.0"
