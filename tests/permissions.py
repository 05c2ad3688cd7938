"""The permission matrix of docs/permissions.md: read, made into requests, compared.

Not tests themselves: tests/test_permissions.py walks what is here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.db import transaction
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse
from django.utils.translation import override

from classifier import network
from classifier.groups import MODEL_KEEPER_GROUP
from classifier.models import (
    DatasetVersion,
    Evaluation,
    IdentifyJob,
    ModelVersion,
    Promotion,
    SharedAnswer,
    TrainingRun,
)
from heritage.models import User
from motifs.actions import record
from motifs.models import Identification, ProblemReport
from motifs.permissions import CONTRIBUTOR_GROUP, CURATOR_GROUP, EXPERT_GROUP
from tests.factories import (
    CitationFactory,
    ContributionFactory,
    LookAlikeFactory,
    MotifFactory,
    PhotoFactory,
    UserFactory,
    picture_bytes,
)

TABLE = Path(__file__).resolve().parents[1] / "docs" / "permissions.md"
LANGUAGE = "id"
ROLES = (
    "visitor",
    "giver",
    "contributor",
    "expert",
    "curator",
    "model keeper",
    "superuser",
)
NOT_OFFERED = "not offered"


@dataclass(frozen=True)
class Row:
    """One line of the table: a request, and what each role gets."""

    line: str = field(compare=False)
    name: str
    method: str
    given: tuple[tuple[str, str], ...]
    expected: tuple[str, ...]

    @property
    def action(self) -> str:
        return dict(self.given).get("action", "")

    def __str__(self) -> str:
        told = " ".join(f"{key}={value}" for key, value in self.given)
        return f"{self.method} {self.name} {told}".strip()


def rows(text: str) -> list[Row]:
    """Read the lines of every table whose first cell is a name in back quotes."""
    found = []
    for line in text.splitlines():
        if not line.startswith("| `"):
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        name, method, given, *expected = cells
        pairs = re.findall(r"([\w:]+)=([^,`\s]+)", given)
        if len(expected) != len(ROLES):
            raise ValueError(f"{len(expected)} roles instead of {len(ROLES)}: {line}")
        found.append(Row(line, name.strip("`"), method, tuple(pairs), tuple(expected)))
    return found


# What there is, and how each argument of an address is made


def make_world() -> dict[str, Any]:
    """Make what the table's rows speak of; the keys are the words it uses."""
    people = make_people()
    giver, model_file = people["giver"], network.current()
    motif = MotifFactory(slug="gigi-haruan", name="Gigi Haruan")
    accepted = ContributionFactory(given_by=giver, motif=motif, accepted=True)
    waiting = ContributionFactory(given_by=giver, motif=motif)
    draft = ContributionFactory(given_by=giver, motif=motif, draft=True)
    accepted_photo = PhotoFactory(contribution=accepted)
    citation = CitationFactory(claim__motif=motif)
    return {
        "people": people,
        "user": giver,
        "motif": motif,
        "motif_draft": MotifFactory(slug="belum-terbit", draft=True),
        "motif_restricted": MotifFactory(slug="tertutup", access="restricted"),
        "contribution": waiting,
        "contribution_accepted": accepted,
        "contribution_draft": draft,
        "contribution_keyed": ContributionFactory(given_by=None, motif=motif),
        "photo": accepted_photo,
        "photo_waiting": PhotoFactory(contribution=waiting),
        "photo_draft": PhotoFactory(contribution=draft),
        "photo_restricted": PhotoFactory(
            contribution__given_by=giver,
            contribution__accepted=True,
            access="restricted",
        ),
        "named": named_contributor(),
        "motifname": motif.names.get(),
        "identification": Identification.objects.create(
            photo=accepted_photo,
            outcome="motif",
            motif=motif,
            role="expert",
            is_blind=True,
            identified_by=UserFactory(),
        ),
        "entry": record("accepted", by=None, contribution=accepted),
        "problem": ProblemReport.objects.create(
            kind="other", motif=motif, text="Ada yang salah."
        ),
        "claim": citation.claim,
        "source": citation.source,
        "lookalike": LookAlikeFactory(),
        "group": Group.objects.get(name=EXPERT_GROUP),
        "dataset": (
            dataset := DatasetVersion.objects.create(number=1, digest="0" * 64)
        ),
        "trainingrun": TrainingRun.objects.create(dataset=dataset),
        "shared": share(),
        "job": IdentifyJob.objects.create(language=LANGUAGE),
        **ledger(people["model keeper"]),
        "model": SimpleNamespace(sha256=model_file.sha256 if model_file else ""),
    }


def named_contributor() -> User:
    """Somebody who gave a photo under a name that everybody may read."""
    person = UserFactory(public_name="Acil Siti")
    PhotoFactory(contribution__given_by=person, contribution__accepted=True)
    return person


def share() -> SharedAnswer:
    """Let somebody without an account share an answer and its photo."""
    photo = ContentFile(picture_bytes((320, 240)), name="photo.jpg")
    Client().post(reverse("classifier:share"), {"image": photo, "with_photo": "yes"})
    return SharedAnswer.objects.get()


def ledger(keeper: User) -> dict[str, Any]:
    """Make a version that was promoted once, with a report, and a dataset."""
    folder = Path(settings.MODELS_FOLDER) / "reports" / "1"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.html").write_text("<p>Report")
    version = ModelVersion.objects.create(
        version="9", sha256="9" * 64, labels=[], embedding_size=1, folder="9"
    )
    dataset = DatasetVersion.objects.create(number=9, digest="9" * 64)
    return {
        "modelversion": version,
        "modeldataset": dataset,
        "evaluation": Evaluation.objects.create(
            model_version=version, dataset=dataset, metrics={}, folder="reports/1"
        ),
        "promotion": Promotion.objects.create(
            to_version=version, promoted_by=keeper, passed_gate=True
        ),
    }


BY_ARGUMENT = {
    "version_id": "modelversion.pk",
    "evaluation_id": "evaluation.pk",
    "slug": "motif.slug",
    "key": "contribution.key",
    "photo_id": "photo.pk",
    "run_id": "trainingrun.pk",
    "size": "480",
    "contribution_id": "contribution.pk",
    "motif_id": "motif.pk",
    "problem_id": "problem.pk",
    "user_id": "named.pk",
    "upload_key": "not-there",
    "section": "motifs",
    "app_label": "motifs",
    "url": "not/there",
}
"""How an argument of an address is made where the row does not say."""


def make_people() -> dict[str, Any]:
    groups = {group.name: group for group in Group.objects.all()}

    # Made once: a hash costs a third of a second.
    password = make_password("kain-biru-di-jemuran")

    def person(*names: str, **how: Any) -> Any:
        made = UserFactory(password=password, **how)
        made.groups.add(*(groups[name] for name in names))
        return made

    return {
        "visitor": None,
        "giver": person(CONTRIBUTOR_GROUP),
        "contributor": person(CONTRIBUTOR_GROUP),
        "expert": person(CONTRIBUTOR_GROUP, EXPERT_GROUP),
        "curator": person(CURATOR_GROUP),
        "model keeper": person(MODEL_KEEPER_GROUP),
        "superuser": person(is_staff=True, is_superuser=True),
    }


def value(world: dict[str, Any], said: str) -> Any:
    """Turn ``photo.pk`` into that photo's number; any other word is itself."""
    thing, _, attribute = said.partition(".")
    if attribute and thing in world:
        return getattr(world[thing], attribute)
    return said


# Asking


def address(row: Row, world: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the row's path, and what is left for its query or form."""
    given = {key: value(world, said) for key, said in row.given}
    if row.name.startswith("/"):
        return row.name, given
    arguments = {}
    for name in arguments_of(row.name):
        said = given.pop(name, None)
        if said is None:
            said = value(world, BY_ARGUMENT[name])
        arguments[name] = said
    with override(LANGUAGE):
        return reverse(row.name, kwargs=arguments), given


def ask(row: Row, role: str, world: dict[str, Any], client: Client) -> str:
    """Make the request, undo what it did, and return the word for its answer."""
    path, rest = address(row, world)
    if row.action and not offered(row, world["people"][role]):
        return NOT_OFFERED
    cookies = client.cookies.copy()
    with transaction.atomic():
        response = getattr(client, row.method.lower())(path, rest)
        # Read to its end, a file is closed.
        if response.streaming:
            list(response.streaming_content)
        transaction.set_rollback(True)
    client.cookies = cookies
    return word(response)


def word(response: Any) -> str:
    """Return the status, or ``sign in`` for being sent to the sign-in page."""
    with override(LANGUAGE):
        sign_in = reverse("account_login")
    to = response.headers.get("Location", "")
    if response.status_code == 302 and to.partition("?")[0].endswith(
        (sign_in, "/admin/login/")
    ):
        return "sign in"
    return str(response.status_code)


def offered(row: Row, user: Any) -> bool:
    """Whether the admin's list offers the row's action to this person.

    Who may not see the list at all gets the list's own answer, so True for them.
    """
    model_admin = admin_of(row.name)
    if user is None or model_admin is None:
        return True
    request = RequestFactory().get("/")
    request.user = user
    if not user.is_staff or not model_admin.has_view_permission(request):
        return True
    return row.action in model_admin.get_actions(request)


# What there is to ask for


@dataclass(frozen=True)
class Place:
    """A pattern of the site's addresses."""

    route: str
    name: str
    arguments: tuple[str, ...] = field(compare=False, default=())


def places() -> Iterator[Place]:
    """Yield every pattern of the site, in the language of the table's requests."""
    with override(LANGUAGE):
        yield from _places(get_resolver(), "", "")


def _places(resolver: URLResolver, route: str, namespace: str) -> Iterator[Place]:
    for pattern in resolver.url_patterns:
        here = route + str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLPattern):
            name = f"{namespace}{pattern.name}" if pattern.name else ""
            # The admin's own redirects from old addresses, and its last resort.
            if not name and namespace == "admin:":
                continue
            yield Place(here, name, tuple(pattern.pattern.converters) or regex(pattern))
        else:
            inner = (
                f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            )
            yield from _places(pattern, here, inner)


def regex(pattern: URLPattern) -> tuple[str, ...]:
    return tuple(pattern.pattern.regex.groupindex)


def arguments_of(name: str) -> tuple[str, ...]:
    return next(place.arguments for place in places() if place.name == name)


def covered(table: list[Row], world: dict[str, Any]) -> set[str]:
    """Return the routes that the table's rows lead to."""
    with override(LANGUAGE):
        return {resolve(address(row, world)[0]).route for row in table}


def missing_rows(table: list[Row], world: dict[str, Any]) -> list[Row]:
    """Return a row, its expectations empty, for each place and action not in the table.

    Arguments that have no default stand as ``name=?`` and are filled in by hand.
    """
    routes, found = covered(table, world), []
    for place in places():
        if place.route in routes:
            continue
        name = place.name or f"/{place.route}"
        given = tuple(
            (argument, guess(name, argument, world))
            for argument in place.arguments
            if argument not in BY_ARGUMENT
        )
        found.append(Row("", name, "GET", given, ()))
    listed = {(row.name, row.action) for row in table if row.action}
    for name, action, thing in admin_actions():
        if (name, action) not in listed:
            given = (("action", action), ("_selected_action", f"{thing}.pk"))
            found.append(Row("", name, "POST", given, ()))
    return found


def guess(name: str, argument: str, world: dict[str, Any]) -> str:
    """Return the thing that an admin's page is about, by its model's name."""
    model = name.rpartition("_")[0].rpartition("_")[2]
    return f"{model}.pk" if argument == "object_id" and model in world else "?"


def admin_of(changelist: str) -> Any:
    for model, model_admin in admin.site._registry.items():
        options = model._meta
        if changelist == f"admin:{options.app_label}_{options.model_name}_changelist":
            return model_admin
    return None


def admin_actions() -> Iterator[tuple[str, str, str]]:
    """Yield the list's name, the action's, and the model's, for all that exist."""
    request = RequestFactory().get("/")
    request.user = UserFactory.build(is_superuser=True, is_staff=True)
    for model, model_admin in admin.site._registry.items():
        options = model._meta
        name = f"admin:{options.app_label}_{options.model_name}_changelist"
        for action in model_admin.get_actions(request):
            yield name, action, str(options.model_name)


def as_line(row: Row, answers: list[str]) -> str:
    told = ", ".join(f"{key}={value}" for key, value in row.given)
    cells = (f"`{row.name}`", row.method, f"`{told}`" if told else "", *answers)
    return f"| {' | '.join(cells)} |".replace("|  |", "| |")


def proposal(
    row: Row, world: dict[str, Any], client_of: Callable[[str], Client]
) -> str:
    """Return the line to add, with what the site answers today, to be judged."""
    try:
        answers = [ask(row, role, world, client_of(role)) for role in ROLES]
    except Exception as error:
        answers = [f"({type(error).__name__}: fill in the arguments)"]
    return as_line(row, answers)
