"""The group of people who train, judge and promote recognisers."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.management import create_permissions
from django.db.models import Q

MODEL_KEEPER_GROUP = "model-keeper"
VISITORS = ("identifyjob", "sharedanswer")
"""Tables of what visitors sent; no role reads them."""


def ensure_groups(sender: AppConfig, *, using: str = "default", **kwargs: Any) -> None:
    """Create the group, with every right on the recogniser's tables but to delete.

    Called after every migrate, so that a new table's rights reach people with it.
    """
    from django.contrib.auth.models import Group, Permission

    # Django makes permissions in a later receiver of the same signal.
    create_permissions(sender, verbosity=0, using=using)
    group, _created = Group.objects.using(using).get_or_create(name=MODEL_KEEPER_GROUP)
    rights = Permission.objects.using(using).filter(
        Q(content_type__app_label=sender.label)
        # How far experts agree says how good any recogniser can be.
        | Q(content_type__app_label="motifs", codename="view_agreement")
    )
    group.permissions.add(
        *rights.exclude(codename__startswith="delete_").exclude(
            content_type__model__in=VISITORS
        )
    )
