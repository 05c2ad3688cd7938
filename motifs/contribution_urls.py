"""Pages of what people give and gave."""

from django.urls import path

from motifs import contribution_views, giving_views, upload_views

app_name = "contributions"

urlpatterns = [
    path("", contribution_views.contribution_list, name="contribution-list"),
    path("new/", giving_views.contribution_new, name="contribution-new"),
    path("drafts/", giving_views.draft_new, name="draft-new"),
    path(
        "<str:key>/", contribution_views.contribution_detail, name="contribution-detail"
    ),
    path("<str:key>/edit/", giving_views.contribution_edit, name="contribution-edit"),
    path("<str:key>/save/", giving_views.contribution_save, name="contribution-save"),
    path(
        "<str:key>/withdraw/", contribution_views.withdraw, name="contribution-withdraw"
    ),
    path("<str:key>/consent/", contribution_views.consent, name="contribution-consent"),
    path(
        "<str:key>/photos/<int:photo_id>/withdraw/",
        contribution_views.photo_withdraw,
        name="photo-withdraw",
    ),
    path(
        "<str:key>/photos/<int:photo_id>/remove/",
        giving_views.photo_remove,
        name="photo-remove",
    ),
    path("<str:key>/uploads/", upload_views.upload_list, name="upload-list"),
    path(
        "<str:key>/uploads/<str:upload_key>/",
        upload_views.upload_detail,
        name="upload-detail",
    ),
]
