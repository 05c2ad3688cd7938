"""The groups of people and what their members may do."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.management import create_permissions

from motifs.permissions import CONTRIBUTOR_GROUP, CURATOR_GROUP, EXPERT_GROUP

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
    "change_photo",
    "view_identification",
    "view_agreement",
    "view_comment",
    "view_historyentry",
    "view_problemreport",
    "change_problemreport",
)
RIGHTS = {
    # Whoever has an account may give; what is theirs is a matter of rows, not rights.
    CONTRIBUTOR_GROUP: (),
    EXPERT_GROUP: ("identify_photo",),
    CURATOR_GROUP: CURATOR_RIGHTS,
}


def ensure_groups(sender: AppConfig, *, using: str = "default", **kwargs: Any) -> None:
    """Create the groups and give them their rights; rights added by hand stay.

    Called after every migrate, so that a new table's rights reach people with it.
    """
    from django.contrib.auth.models import Group, Permission

    # Django makes permissions in a later receiver of the same signal.
    create_permissions(sender, verbosity=0, using=using)
    for name, codenames in RIGHTS.items():
        group, _created = Group.objects.using(using).get_or_create(name=name)
        rights = Permission.objects.using(using).filter(
            content_type__app_label="motifs", codename__in=codenames
        )
        group.permissions.add(*rights)
