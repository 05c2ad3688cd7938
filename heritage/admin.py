"""People in the admin: superusers give roles. All sign in by the site's own page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

# Imported so that they have registered what is unregistered below.
import allauth.account.admin
import allauth.mfa.admin  # noqa: F401
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from heritage import roles
from heritage.models import User

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.forms import ModelForm


def sign_in(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    """Lead to the site's own page: only there rate limits and second factor hold.

    The admin's own form must not even be there for people who are signed in: one who
    knows another's password would come in as them, past their second factor.
    """
    if not request.user.is_authenticated:
        target = request.GET.get("next") or reverse("admin:index")
        return redirect_to_login(target)
    if not admin.site.has_permission(request):
        raise PermissionDenied
    return redirect("admin:index")


admin.site.login = sign_in  # type: ignore[method-assign]
# Secrets of second factors are nobody's to read, and addresses are their owners'.
admin.site.unregister(Authenticator)
admin.site.unregister(EmailAddress)
admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin):
    """Roles: their rights may be changed, but they are not deleted."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]
    """Only superusers have the right to see this.

    Roles are theirs to give: an expert's word decides what a photo shows, so a curator
    who could make experts could decide alone.
    """

    list_display = ("username", "email", "public_name", "roles", "is_active")
    list_filter = ("groups", "is_superuser", "is_active")
    search_fields = ("username", "email", "public_name")
    filter_horizontal = ("groups",)
    readonly_fields = ("is_staff", "last_login", "date_joined", "closed_at")
    fieldsets = (
        (None, {"fields": ("username", "password", "email")}),
        (None, {"fields": ("public_name", "mail_language")}),
        (_("roles"), {"fields": ("groups", "is_superuser", "is_staff", "is_active")}),
        (None, {"fields": ("last_login", "date_joined", "closed_at")}),
    )
    actions = ("remove_second_factor",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An account is closed by its owner, never deleted."""
        return False

    def save_related(
        self, request: HttpRequest, form: ModelForm[User], formsets: Any, change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        roles.follow([form.instance.pk])

    @admin.display(description=_("roles"))
    def roles(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all())

    @admin.action(
        description=_("Remove the second factor (lost phone)"), permissions=["change"]
    )
    def remove_second_factor(
        self, request: HttpRequest, queryset: QuerySet[User]
    ) -> None:
        removed = 0
        for user in queryset:
            if Authenticator.objects.filter(user=user).delete()[0]:
                self.log_change(request, user, "second factor removed")
                removed += 1
        text = ngettext(
            "The second factor of %(count)d person was removed.",
            "The second factors of %(count)d persons were removed.",
            removed,
        )
        self.message_user(request, text % {"count": removed})
