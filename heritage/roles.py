"""What follows from the groups a person is in, and from a verified address."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from allauth.account.signals import email_confirmed
from django.contrib.auth.models import Group
from django.db.models import Exists, OuterRef, Q
from django.db.models.signals import m2m_changed, post_delete, pre_delete

from classifier.groups import MODEL_KEEPER_GROUP
from heritage.models import User
from motifs.permissions import CONTRIBUTOR_GROUP, CURATOR_GROUP

if TYPE_CHECKING:
    from allauth.account.models import EmailAddress

STAFF_GROUPS = (CURATOR_GROUP, MODEL_KEEPER_GROUP)
"""Their members, and superusers, may enter the admin; nobody else."""


def connect() -> None:
    """Start to follow; called once, when the site starts."""
    uid = "heritage.roles"
    groups = User.groups.through
    m2m_changed.connect(_membership_changed, sender=groups, dispatch_uid=uid)
    pre_delete.connect(_group_goes, sender=Group, dispatch_uid=uid)
    post_delete.connect(_group_went, sender=Group, dispatch_uid=uid)
    email_confirmed.connect(_address_verified, dispatch_uid=uid)


def follow(user_ids: Iterable[int]) -> None:
    """Let ``is_staff`` of these people be what their groups say."""
    memberships = User.groups.through.objects.filter(
        user_id=OuterRef("pk"), group__name__in=STAFF_GROUPS
    )
    enters = Q(is_superuser=True) | Exists(memberships)
    people = User.objects.filter(pk__in=list(user_ids))
    people.filter(enters).update(is_staff=True)
    people.exclude(enters).update(is_staff=False)


def _membership_changed(
    instance: User | Group,
    action: str,
    reverse: bool,
    pk_set: set[int] | None,
    **kwargs: Any,
) -> None:
    if isinstance(instance, User):
        if action.startswith("post_"):
            follow([instance.pk])
            # A later save() of this object must not bring back what was.
            instance.refresh_from_db(fields=["is_staff"])
    elif action == "pre_clear":
        _group_goes(instance)
    elif action == "post_clear":
        _group_went(instance)
    elif action.startswith("post_"):
        follow(pk_set or ())


def _group_goes(instance: Group, **kwargs: Any) -> None:
    instance._members = list(instance.user_set.values_list("pk", flat=True))  # type: ignore[attr-defined]


def _group_went(instance: Group, **kwargs: Any) -> None:
    follow(getattr(instance, "_members", ()))


def _address_verified(email_address: EmailAddress, **kwargs: Any) -> None:
    """Whoever has verified an address may give."""
    group = Group.objects.filter(name=CONTRIBUTOR_GROUP).first()
    if group is not None:
        email_address.user.groups.add(group)
