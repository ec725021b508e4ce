"""Feature maps: transformers whose features have a kernel as their inner product; and landmarks."""

from ._explicit import ExplicitMap, explicit
from ._landmarks import choose_landmarks

__all__ = ["ExplicitMap", "choose_landmarks", "explicit"]
