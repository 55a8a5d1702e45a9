"""The columns of few-shot tasks: of their tables, and of their CSV file."""

from __future__ import annotations

from benchmark.report.columns import DETAILS as COLUMNS
from benchmark.report.columns import SHEET

__all__ = ["COLUMNS", "SHEET"]
