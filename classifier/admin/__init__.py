"""The model keepers' workplace: datasets, model versions and the ledger."""

from classifier.admin.datasets import DatasetVersionAdmin
from classifier.admin.suggestions import suggestions
from classifier.admin.versions import ModelVersionAdmin, PromotionAdmin

__all__ = [
    "DatasetVersionAdmin",
    "ModelVersionAdmin",
    "PromotionAdmin",
    "suggestions",
]
