"""What the numbers were made with."""

from __future__ import annotations

import platform

import numpy as np
import scipy
import sklearn


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that numbers come from."""
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "scikit-learn": sklearn.__version__,
    }
