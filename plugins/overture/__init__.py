"""Overture: one personal, true message per customer and day, as rows that anyone can query."""

__version__ = "0.1.0"
