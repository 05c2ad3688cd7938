"""Everything about one's own account."""

from django.urls import include, path

from heritage import account_views as views

urlpatterns = [
    path("", views.account, name="account"),
    path("close/", views.close, name="account_close"),
    path("closed/", views.closed, name="account_closed"),
    path("", include("allauth.account.urls")),
    path("second-factor/", include("allauth.mfa.urls")),
]
