from django.urls import path

from classifier.api import IdentifyJobView, IdentifyView, ModelView
from classifier.model_api import LedgerView
from classifier.similar_api import SimilarView

# The address has no slash at its end; with one it works as well, undocumented.
urlpatterns = [
    path("model", ModelView.as_view(), name="api-model"),
    path("model/", ModelView.as_view(schema=None)),
    path("model/ledger", LedgerView.as_view(), name="api-model-ledger"),
    path("model/ledger/", LedgerView.as_view(schema=None)),
    path("identify", IdentifyView.as_view(), name="api-identify"),
    path("identify/", IdentifyView.as_view(schema=None)),
    path("identify/<uuid:job_id>", IdentifyJobView.as_view(), name="api-identify-job"),
    path("identify/<uuid:job_id>/", IdentifyJobView.as_view(schema=None)),
    path("photos/<int:photo_id>/similar", SimilarView.as_view(), name="api-similar"),
    path("photos/<int:photo_id>/similar/", SimilarView.as_view(schema=None)),
]
