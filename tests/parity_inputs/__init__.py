"""For each formula that reaches the page, how to draw its arguments. Each module holds those of some chapters.

The INPUTS of a module map a function of the package to a function that takes a generator of random numbers and returns
positional arguments and keywords. Its LOOSE maps those that lose digits, as the difference of two near numbers does, to
how far apart they may be.
"""

import importlib
import pkgutil

_MODULES = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
INPUTS = {formula: draw for module in _MODULES for formula, draw in getattr(module, "INPUTS", {}).items()}
LOOSE = {formula: apart for module in _MODULES for formula, apart in getattr(module, "LOOSE", {}).items()}
