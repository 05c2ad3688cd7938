"""The report of an evaluation: one page, its figures as JSON, and a card."""

from ml.report.write import write

__all__ = ["write"]
