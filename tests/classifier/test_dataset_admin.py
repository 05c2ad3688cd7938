"""The keeper sees what a dataset would hold, builds it and compares versions."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command

from classifier.groups import MODEL_KEEPER_GROUP
from classifier.models import DatasetVersion
from motifs.actions import withdraw_contribution
from tests.classifier.test_datasets import cloth, cloths
from tests.factories import MotifFactory, UserFactory

pytestmark = pytest.mark.django_db

LIST = "/en/admin/classifier/datasetversion/"
NEXT = f"{LIST}next/"


@pytest.fixture
def keeper(client):
    person = UserFactory(is_staff=True)
    person.groups.add(Group.objects.get(name=MODEL_KEEPER_GROUP))
    client.force_login(person)
    return person


def test_what_would_enter_and_what_is_missing(client, keeper):
    motif, rare = MotifFactory(name="Gigi Haruan"), MotifFactory(name="Ombak")
    cloths(motif, 5)
    cloth(rare)

    page = client.get(NEXT)

    content = page.content.decode()
    (row,) = page.context["rows"]
    assert (row["name"], row["total"]) == ("Gigi Haruan", 10)
    assert row["train"] + row["val"] + row["test"] == 10
    assert "10 photos are not in the latest version." in content
    assert "Ombak" in content
    assert "3 are missing" in content
    assert "a photo of another cloth is needed" in content


def test_what_is_no_motif_comes_last_under_its_name(client, keeper):
    cloths(MotifFactory(name="Zig Zag", slug="zig-zag"), 5)
    without = client.get(NEXT).content.decode()
    cloths(None, 5, outcome="not_cloth")
    cloth(None, outcome="other_motif")

    page = client.get(NEXT)

    assert [row["name"] for row in page.context["rows"]] == ["Zig Zag", "Not a cloth"]
    content = page.content.decode()
    assert "a photo of another contribution is needed" in content
    assert "Cloth with another motif, not known which" in content
    assert "Nothing in it shows what is no motif" in without
    assert "Nothing in it shows what is no motif" not in content


def test_without_a_motif_there_is_nothing_to_build(client, keeper):
    cloths(None, 5, outcome="not_cloth")

    content = client.get(NEXT).content.decode()

    assert "No motif has enough photos yet." in content
    assert "Build this version" not in content


def test_a_press_builds_it_once(client, keeper):
    cloths(MotifFactory(), 5)

    page = client.post(NEXT, {"note": "the first"}, follow=True)

    version = DatasetVersion.objects.get()
    assert (version.note, version.built_by) == ("the first", keeper)
    assert version.digest in page.content.decode()
    again = client.get(NEXT).content.decode()
    assert "It would be the same as D1" in again
    assert "Build this version" not in again


def test_with_too_few_photos_it_says_so(client, keeper):
    response = client.post(NEXT, {})

    assert response.status_code == 422
    assert "No motif has enough photos yet." in response.content.decode()
    assert not DatasetVersion.objects.exists()


def test_two_versions_beside_each_other(client, keeper):
    motif = MotifFactory()
    given = cloths(motif, 5)
    client.post(NEXT, {})
    tested = DatasetVersion.objects.get().photos.filter(split="test").first()
    contribution = tested.photo.contribution
    withdraw_contribution(contribution=contribution, by=contribution.given_by)
    preview = client.get(NEXT).content.decode()
    cloth(motif)
    client.post(NEXT, {})

    second = DatasetVersion.objects.get(number=2)
    page = client.get(f"{LIST}{second.pk}/change/")

    assert len(given) == 5
    assert "2 of them tested" in preview
    assert page.context["old"].number == 1
    assert len(page.context["difference"].entered) == 2
    assert "Taken back by its giver" in page.content.decode()
    for odd in ("x", "999", "9" * 30):
        page = client.get(f"{LIST}{second.pk}/change/", {"from": odd})
        assert page.status_code == 200


def test_the_list_counts_photos(client, keeper):
    cloths(MotifFactory(), 5)
    client.post(NEXT, {})

    content = client.get(LIST).content.decode()

    assert '<td class="field-photos">10</td>' in content
    assert client.get(f"{LIST}add/").status_code == 403


def test_the_commands_build_and_write(tmp_path, capsys):
    with pytest.raises(CommandError, match="enough"):
        call_command("build_dataset")
    given = cloths(MotifFactory(slug="gigi-haruan"), 5)
    call_command("build_dataset", note="by hand")
    contribution = given[0][0].contribution
    withdraw_contribution(contribution=contribution, by=contribution.given_by)

    call_command("export_dataset", "1", str(tmp_path / "d1"))

    said = capsys.readouterr().out
    told = json.loads((tmp_path / "d1" / "dataset.json").read_text())
    assert "D1: 10 photos" in said
    assert "2 may no longer be used; left out" in said
    assert (told["photos"], told["withheld"]) == (8, 2)
    with pytest.raises(CommandError, match="there already"):
        call_command("export_dataset", "1", str(tmp_path / "d1"))
    with pytest.raises(CommandError, match="no dataset version 7"):
        call_command("export_dataset", "7", str(tmp_path / "d7"))
