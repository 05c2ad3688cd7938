"""The model keepers' workplace: datasets, and what the recogniser thinks of photos."""

from classifier.admin.datasets import DatasetVersionAdmin
from classifier.admin.suggestions import suggestions

__all__ = ["DatasetVersionAdmin", "suggestions"]
