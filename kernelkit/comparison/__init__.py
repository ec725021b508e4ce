"""The main job: is the kernel trick worth it on these data, compared with lifting the columns explicitly?"""

from ._compare import compare
from ._errors import InputError
from ._result import ComparisonResult

__all__ = ["ComparisonResult", "InputError", "compare"]
