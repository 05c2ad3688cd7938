"""The group of curators and what its members may do."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.management import create_permissions

from motifs.permissions import CURATOR_GROUP

# No right to delete what is permanent: motifs, contributions and photos.
CURATOR_RIGHTS = (
    "add_motif",
    "change_motif",
    "view_motif",
    "publish_motif",
    *(
        f"{verb}_{model}"
        for model in ("motifname", "claim", "citation", "source", "lookalike")
        for verb in ("add", "change", "delete", "view")
    ),
    "change_contribution",
    "view_contribution",
    "moderate_contribution",
    "view_photo",
)


def ensure_curator_group(
    sender: AppConfig, *, using: str = "default", **kwargs: Any
) -> None:
    """Create the group and give it its rights; rights added by hand stay.

    Called after every migrate, so that a new table's rights reach curators with it.
    """
    from django.contrib.auth.models import Group, Permission

    # Django makes permissions in a later receiver of the same signal.
    create_permissions(sender, verbosity=0, using=using)
    group, _created = Group.objects.using(using).get_or_create(name=CURATOR_GROUP)
    rights = Permission.objects.using(using).filter(
        content_type__app_label="motifs", codename__in=CURATOR_RIGHTS
    )
    group.permissions.add(*rights)
