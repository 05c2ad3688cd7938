"""The model keepers' workplace: datasets, runs, model versions and the ledger."""

from classifier.admin.datasets import DatasetVersionAdmin
from classifier.admin.runs import TrainingRunAdmin
from classifier.admin.suggestions import suggestions
from classifier.admin.versions import ModelVersionAdmin, PromotionAdmin

__all__ = [
    "DatasetVersionAdmin",
    "ModelVersionAdmin",
    "PromotionAdmin",
    "TrainingRunAdmin",
    "suggestions",
]
