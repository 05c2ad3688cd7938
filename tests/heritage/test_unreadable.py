"""A NUL, wherever it is sent, is answered as a mistake."""

import pytest

from tests.factories import ContributionFactory, CuratorFactory, MotifFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "address",
    [
        "/id/contributions/new/?motif=%00",
        "/id/contributions/new/?kind=edit&motif=gelombang&claim=%00",
        "/files/photos/1/480?key=%00",
    ],
)
def test_in_an_address_it_is_a_bad_request(client, address):
    MotifFactory(slug="gelombang")

    assert client.get(address).status_code == 400


def test_in_a_form_it_is_a_bad_request(client):
    response = client.post("/id/contributions/new/", {"motif": "a\0"})

    assert response.status_code == 400


def test_so_it_is_in_the_admin(client):
    client.force_login(CuratorFactory())
    MotifFactory()
    contribution = ContributionFactory()

    response = client.get(
        f"/id/admin/motifs/motif/{contribution.motif_id}/merge/?into=%00"
    )

    assert response.status_code == 400
