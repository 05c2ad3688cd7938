"""The model keepers' workplace: datasets, runs, and what photos look like to it."""

from classifier.admin.datasets import DatasetVersionAdmin
from classifier.admin.runs import TrainingRunAdmin
from classifier.admin.suggestions import suggestions

__all__ = ["DatasetVersionAdmin", "TrainingRunAdmin", "suggestions"]
