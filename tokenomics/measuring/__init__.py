"""Measure a machine: its roofs, what a product reaches under them, and a decoder held against its prediction."""

__all__ = []
