from django.urls import path

from classifier import expert_views, giving_views, similar_views, views

app_name = "classifier"
urlpatterns = [
    path("", views.identify, name="identify"),
    path("guess/<int:photo_id>/", expert_views.guess, name="guess"),
    path("anchoring/", expert_views.anchoring, name="anchoring"),
    path("report/", giving_views.report, name="report"),
    path("similar/<int:photo_id>/", similar_views.similar, name="similar"),
    path("share/", giving_views.share, name="share"),
    path("shared/<str:key>/", giving_views.shared, name="shared"),
    path("shared/<str:key>/photo", giving_views.shared_photo, name="shared-photo"),
]
