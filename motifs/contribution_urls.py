"""Pages of what people gave."""

from django.urls import path

from motifs import contribution_views as views

app_name = "contributions"

urlpatterns = [
    path("<str:key>/", views.contribution_detail, name="contribution-detail"),
    path("<str:key>/withdraw/", views.withdraw, name="contribution-withdraw"),
]
