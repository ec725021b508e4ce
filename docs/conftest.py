"""The page on other array libraries is run where these and a SciPy that follows them are to be had."""

from importlib.util import find_spec

import scipy

FOLLOWS = tuple(map(int, scipy.__version__.split(".")[:2])) >= (1, 14) and find_spec("array_api_strict")
collect_ignore = [] if FOLLOWS else ["arrays.md"]
