"""The permission matrix of docs/permissions.md: read, made into requests, compared.

Not tests themselves: tests/test_permissions.py walks what is here.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.db import transaction
from django.forms import MultiWidget
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
from motifs.uploads import start_upload
from tests.factories import (
    CitationFactory,
    ContributionFactory,
    LookAlikeFactory,
    MotifFactory,
    PhotoFactory,
    SourceFactory,
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


A_SESSION = "the session is all"
AN_ANSWER = "an answer is all: nothing is kept"
PASSWORD_FIRST = "asks for the password first; tests/heritage have it"
A_SHEET = "takes a spreadsheet in two steps; tests/motifs/test_spreadsheets.py has it"
A_MODEL = "needs a whole model on the disk; tests/classifier/test_promoting.py has it"
PHOTOS = "needs more photos than are here; tests/classifier have it"
WITHOUT_EFFECT = {
    "set_language": "a cookie is all",
    "account_login": A_SESSION,
    "account_logout": A_SESSION,
    "account_reauthenticate": A_SESSION,
    "admin:login": A_SESSION,
    "admin:logout": A_SESSION,
    "account_reset_password": "a mail is all",
    "account_set_password": "everybody here has one",
    "account_confirm_login_code": "nobody here asked for a code",
    "account_email": PASSWORD_FIRST,
    "account_close": PASSWORD_FIRST,
    "mfa_authenticate": PASSWORD_FIRST,
    "mfa_reauthenticate": PASSWORD_FIRST,
    "mfa_activate_totp": PASSWORD_FIRST,
    "mfa_generate_recovery_codes": PASSWORD_FIRST,
    "admin:heritage_user_changelist": "nobody here has a second factor",
    "classifier:identify": AN_ANSWER,
    "experts:undo": "nobody here said anything in the last hour",
    "admin:motifs_motifname_import": A_SHEET,
    "admin:motifs_motifname_process_import": A_SHEET,
    "admin:motifs_claim_import": A_SHEET,
    "admin:motifs_claim_process_import": A_SHEET,
    "admin:motifs_source_import": A_SHEET,
    "admin:motifs_source_process_import": A_SHEET,
    "admin:motifs_motif_import": A_SHEET,
    "admin:motifs_motif_process_import": A_SHEET,
    "admin:motifs_lookalike_import": A_SHEET,
    "admin:motifs_lookalike_process_import": A_SHEET,
    "admin:classifier_datasetversion_next": PHOTOS,
    "admin:classifier_trainingrun_start": PHOTOS,
    "admin:classifier_trainingrun_repeat": "another run is open here",
    "admin:classifier_modelversion_promote": A_MODEL,
    "admin:classifier_modelversion_evaluate": A_MODEL,
    "admin:classifier_modelversion_rollback": A_MODEL,
}
"""Routes that take a POST of which no row shows what it does, and why.

Whatever else takes one has a row in which somebody brings about its effect.
"""

READS_ONLY = re.compile(
    # Actions of a list have rows of their own.
    r"^admin:(.*_(history|changelist|report|live)|index|app_list|password_change"
    r"|motifs_(contribution_(start|names)|motif_completeness)|view_on_site"
    r"|classifier_(datasetversion|trainingrun)_change)$"
    r"|sitemap|^account_(email_verification_sent|complete_password_reset)$"
    r"|^/id/admin/password_change/$"
)
"""Routes where a POST does what a GET does: who may read is said there."""


@dataclass(frozen=True)
class Row:
    """One line of the table: a request, what each role gets, and what it brings about.

    Args:
        expected: a word per role, in bold where the request has its effect.
        effect: see ``happened``; empty where only the answer is looked at.
    """

    line: str = field(compare=False)
    name: str
    method: str
    given: tuple[tuple[str, str], ...]
    expected: tuple[str, ...]
    effect: str = ""

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
        sent, _arrow, effect = given.replace("`", "").partition("→")
        pairs = re.findall(r"([\w:-]+)=([^,\s]+)", sent)
        if len(expected) != len(ROLES):
            raise ValueError(f"{len(expected)} roles instead of {len(ROLES)}: {line}")
        words = tuple(expected)
        row = Row(line, name.strip("`"), method, tuple(pairs), words, effect.strip())
        found.append(row)
    return found


# What there is, and how each argument of an address is made


def make_world() -> dict[str, Any]:
    """Make what the table's rows speak of; the keys are the words it uses."""
    people = make_people()
    browser = Client()
    browser.force_login(people["superuser"])
    giver, model_file = people["giver"], network.current()
    motif = MotifFactory(slug="gigi-haruan", name="Gigi Haruan")
    accepted = ContributionFactory(given_by=giver, motif=motif, accepted=True)
    waiting = ContributionFactory(given_by=giver, motif=motif)
    draft = ContributionFactory(given_by=giver, motif=motif, draft=True)
    accepted_photo = PhotoFactory(contribution=accepted)
    citation = CitationFactory(claim__motif=motif)
    return {
        "people": people,
        "superuser's browser": browser,
        "user": giver,
        "motif": motif,
        "motif_draft": MotifFactory(slug="belum-terbit", draft=True),
        "motif_restricted": MotifFactory(slug="tertutup", access="restricted"),
        "contribution": waiting,
        "contribution_accepted": accepted,
        "contribution_draft": draft,
        "contribution_edit": ContributionFactory(
            kind="edit", motif=motif, suggested_text="Baru", given_by=giver
        ),
        "shown": SimpleNamespace(revision=f"{waiting.pk}:{waiting.revision}"),
        "contribution_keyed": ContributionFactory(given_by=None, motif=motif),
        "photo": accepted_photo,
        "photo_waiting": PhotoFactory(contribution=waiting),
        "photo_beside": PhotoFactory(contribution=waiting),
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
        "source_unused": SourceFactory(),
        "upload": start_upload(
            contribution=draft, client_id=uuid4(), length=10, by=giver
        )[0],
        "tus": SimpleNamespace(
            begins=f"client_id {b64encode(str(uuid4()).encode()).decode()}",
            piece="application/offset+octet-stream",
        ),
        "motif_other": MotifFactory(slug="hiris-pudak"),
        "lookalike": LookAlikeFactory(),
        "group": Group.objects.get(name=EXPERT_GROUP),
        "dataset": (
            dataset := DatasetVersion.objects.create(number=1, digest="0" * 64)
        ),
        "trainingrun": TrainingRun.objects.create(dataset=dataset),
        "shared": share(),
        "shared_once": share(),
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
    return SharedAnswer.objects.latest("pk")


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
    """Turn ``photo.pk`` into that photo's number; any other word is itself.

    ``a-picture`` is a file.
    """
    if said == "a-picture":
        return ContentFile(picture_bytes((320, 240), "teal"), name="photo.jpg")
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
    headers = taken_out("header:", rest)
    if query := taken_out("query:", rest):
        path = f"{path}?{urlencode(query)}"
    send = getattr(client, row.method.lower())
    cookies = client.cookies.copy()
    with transaction.atomic():
        person = world["people"][role]
        # Others do not come so far as to be asked what they fill in.
        if person and person.is_staff and row.method == "POST":
            rest = filled_in(row, path, world) | rest
        before = state(row, role, world)
        response = send(path, rest, headers=headers)
        # Read to its end, a file is closed.
        if response.streaming:
            list(response.streaming_content)
        done = happened(row, before, state(row, role, world), world, response)
        transaction.set_rollback(True)
    client.cookies = cookies
    return f"**{word(response)}**" if done else word(response)


def taken_out(prefix: str, sent: dict[str, Any]) -> dict[str, Any]:
    """Take what is not of the body out of it, and return it by its own names."""
    names = [name for name in sent if name.startswith(prefix)]
    return {name.removeprefix(prefix): sent.pop(name) for name in names}


FILLED_IN = re.compile(r"^admin:.*_(add|change|export|import)$")


def filled_in(row: Row, path: str, world: dict[str, Any]) -> dict[str, Any]:
    """What a superuser's form holds at first; the row says what differs."""
    if not FILLED_IN.search(row.name):
        return {}
    context = world["superuser's browser"].get(path).context
    if context is None:
        return {}
    forms = [context["form"]] if "form" in context else []
    if "adminform" in context:
        sets = [inline.formset for inline in context["inline_admin_formsets"]]
        forms = [context["adminform"].form]
        forms += [one.management_form for one in sets]
        forms += [form for one in sets for form in one.forms]
    held: dict[str, Any] = {}
    for bound in (bound for form in forms for bound in form):
        said, widget = bound.value(), bound.field.widget
        if isinstance(widget, MultiWidget):
            parts = zip(widget.widgets_names, widget.decompress(said), strict=True)
            held |= {f"{bound.html_name}{name}": part for name, part in parts if part}
        elif said is not None and said is not False:
            held[bound.html_name] = said
    return held


def state(row: Row, role: str, world: dict[str, Any]) -> Any:
    """What the row's effect is about, as it is now."""
    if row.effect.startswith(("+", "-")):
        return apps.get_model(row.effect[1:])._base_manager.count()
    thing, _, attribute = row.effect.partition("=")[0].partition(".")
    found = world["people"][role] if thing == "me" else world.get(thing)
    if found is None:
        return None
    fresh = type(found)._base_manager.filter(pk=found.pk).first()
    return str(getattr(fresh, attribute, None))


def happened(
    row: Row, before: Any, after: Any, world: dict[str, Any], response: Any
) -> bool:
    """Whether the row's effect came about.

    ``+motifs.Claim`` is one row more, ``-motifs.Claim`` one less, ``claim.text=Baru``
    that it has become so, ``user.password`` that it has changed, and ``me`` is whoever
    asks. ``a file`` is one to be saved.
    """
    if row.effect == "a file":
        return "attachment" in response.headers.get("Content-Disposition", "")
    if row.effect.startswith("+"):
        return bool(after > before)
    if row.effect.startswith("-"):
        return bool(after < before)
    _about, _equals, wanted = row.effect.partition("=")
    return before != after and wanted in ("", after)


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


def covered(table: list[Row], world: dict[str, Any]) -> dict[str, list[Row]]:
    """Return the table's rows by the route that they lead to."""
    by_route: dict[str, list[Row]] = {}
    with override(LANGUAGE):
        for row in table:
            route = resolve(address(row, world)[0]).route
            by_route.setdefault(route, []).append(row)
    return by_route


def posts_without_rows(
    table: list[Row], world: dict[str, Any], superuser: Client
) -> list[Row]:
    """Return a POST for each route that takes one and has no row that says so."""
    found = []
    for of_route in covered(table, world).values():
        first = of_route[0]
        if READS_ONLY.search(first.name) or "POST" in {r.method for r in of_route}:
            continue
        post = replace(first, method="POST", expected=(), effect="")
        if ask(post, "superuser", world, superuser) != "405":
            found.append(post)
    return found


def posts_without_effect(table: list[Row], world: dict[str, Any]) -> list[str]:
    """Return the names of routes that take a POST of which no row shows an effect.

    Where nobody may, there is none to show.
    """
    found = []
    for of_route in covered(table, world).values():
        posts = [row for row in of_route if row.method == "POST"]
        words = {word for row in posts for word in row.expected}
        if not words <= {"sign in", "403", "404", "405"} and not any(
            word.startswith("**") for word in words
        ):
            found.append(posts[0].name)
    return [
        name
        for name in found
        if name not in WITHOUT_EFFECT and not READS_ONLY.search(name)
    ]


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
    told = f"`{told}`" if told else ""
    if row.effect:
        told = f"{told} → `{row.effect}`".strip()
    cells = (f"`{row.name}`", row.method, told, *answers)
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
