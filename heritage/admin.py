"""People in the admin: superusers give roles. All sign in by the site's own page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

# Imported so that they have registered what is unregistered below.
import allauth.account.admin
import allauth.mfa.admin  # noqa: F401
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from heritage import roles
from heritage.models import User

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.forms import ModelForm
    from django.http import HttpRequest

# Rate limits and the second factor hold at the site's own page only.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
# Secrets of second factors are nobody's to read, and addresses are their owners'.
admin.site.unregister(Authenticator)
admin.site.unregister(EmailAddress)


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
