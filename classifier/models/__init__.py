"""The recogniser's tables and the rules that the database keeps for them."""

from classifier.models.datasets import DatasetPhoto, DatasetVersion
from classifier.models.promotions import Evaluation, FailedEvaluation, Promotion
from classifier.models.training import TrainingRun
from classifier.models.versions import (
    MOST_FEATURES,
    CloseEmbedding,
    ModelVersion,
    PhotoCheck,
    PhotoEmbedding,
    Prediction,
)
from classifier.models.visitors import (
    KEPT,
    PATIENCE,
    IdentifyJob,
    Report,
    SharedAnswer,
    new_key,
    queue_folder,
    shared_path,
)

__all__ = [
    "KEPT",
    "MOST_FEATURES",
    "PATIENCE",
    "CloseEmbedding",
    "DatasetPhoto",
    "DatasetVersion",
    "Evaluation",
    "FailedEvaluation",
    "IdentifyJob",
    "ModelVersion",
    "PhotoCheck",
    "PhotoEmbedding",
    "Prediction",
    "Promotion",
    "Report",
    "SharedAnswer",
    "TrainingRun",
    "new_key",
    "queue_folder",
    "shared_path",
]
