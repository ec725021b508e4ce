"""The main job: whether the kernel trick is worth it on some data, compared with lifting the columns explicitly."""

from ._compare import compare
from ._errors import InputError
from ._result import ComparisonResult

__all__ = ["ComparisonResult", "InputError", "compare"]
