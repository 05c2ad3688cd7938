"""People who judge photos, for tests of what follows from it."""

from django.contrib.auth.models import Group

from motifs.actions import identify_photo
from motifs.permissions import EXPERT_GROUP
from tests.factories import UserFactory


def expert():
    person = UserFactory()
    person.groups.add(Group.objects.get(name=EXPERT_GROUP))
    return person


def determine(photo, motif=None, *, outcome="motif", **said):
    """Two experts say the same of a photo, which then stands by rule."""
    for _ in range(2):
        identify_photo(photo=photo, outcome=outcome, motif=motif, by=expert(), **said)
    photo.refresh_from_db()
    return photo


def choose_public_name(person, name, monkeypatch):
    """Let one person have a public name, and nobody else."""
    from motifs import contributors

    earlier = contributors.public_name
    monkeypatch.setattr(
        contributors,
        "public_name",
        lambda user: name if user and user.pk == person.pk else earlier(user),
    )
