"""Explicit feature maps: transformers whose features have a kernel as their inner product."""

from ._explicit import ExplicitMap, explicit

__all__ = ["ExplicitMap", "explicit"]
