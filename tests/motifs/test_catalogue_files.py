"""A data file that is wrong is refused with its name, the key and what is wrong."""

import copy
import json

import pytest

from motifs.catalogue_files import CatalogueError, read
from motifs.drawings import DATA

SOURCES = [
    {"key": "SEMAN", "title": "Buku", "author": None, "url": None, "year": 2007}
    | {"kind": "motif"}
]
MOTIFS = [
    {
        "slug": "ular-lidi",
        "family": "lajur",
        "family_confidence": "high",
        "status": "documented",
        "names": [{"name": "Ular Lidi", "language": "bjn", "kind": "preferred"}],
        "claims": [
            {
                "key": "ular-lidi/depicts/1",
                "kind": "depicts",
                "confidence": "high",
                "main": True,
                "texts": {"id": "Ular kecil.", "en": "A small snake."},
                "sources": ["SEMAN"],
            }
        ],
    },
    {
        "slug": "gelombang",
        "family": "lajur",
        "family_confidence": "none",
        "status": "thin",
        "names": [{"name": "Gelombang", "language": "bjn", "kind": "preferred"}],
        "claims": [],
    },
]
LOOK_ALIKES = [
    {
        "pair": ["gelombang", "ular-lidi"],
        "sourced": False,
        "tell": {"id": "Beda.", "en": "Different."},
    }
]
FILES = {
    "sources.json": SOURCES,
    "motifs.json": MOTIFS,
    "look_alikes.json": LOOK_ALIKES,
}


@pytest.fixture
def files():
    return copy.deepcopy(FILES)


@pytest.fixture
def folder(tmp_path):
    def write(files):
        for name, content in files.items():
            (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
        return tmp_path

    return write


def test_the_projects_own_files_are_read():
    rows = read(DATA)

    assert len(rows["motif"]) == 30
    assert "hiris-pudak|bjn|Hiris Pudak" in rows["name"]


def test_rows_come_with_keys_that_say_what_they_are(files, folder):
    rows = read(folder(files))

    assert {kind: list(found) for kind, found in rows.items()} == {
        "source": ["SEMAN"],
        "motif": ["ular-lidi", "gelombang"],
        "name": ["ular-lidi|bjn|Ular Lidi", "gelombang|bjn|Gelombang"],
        "claim": ["ular-lidi/depicts/1|id", "ular-lidi/depicts/1|en"],
        "citation": [
            "ular-lidi/depicts/1|id|SEMAN",
            "ular-lidi/depicts/1|en|SEMAN",
        ],
        "look_alike": ["gelombang|ular-lidi"],
    }


def ruin(path, value):
    """A change to the files: the value at the path, or its removal."""

    def change(files):
        target = files
        for step in path[:-1]:
            target = target[step]
        if value is ...:
            del target[path[-1]]
        else:
            target[path[-1]] = value

    return change


M, S, L = "motifs.json", "sources.json", "look_alikes.json"
CLAIM = (M, 0, "claims", 0)
NAME = (M, 0, "names", 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (ruin([M], {}), r"^motifs.json: is not a list"),
        (ruin([M, 0], "x"), r"^motifs.json: entry 1: is not an object"),
        (ruin([M, 0, "slug"], ...), r"^motifs.json: entry 1: “slug” is missing"),
        (ruin([M, 0, "slug"], "Ular Lidi"), r"^motifs.json: Ular Lidi: “slug”"),
        (ruin([M, 0, "slug"], 3), r"^motifs.json: 3: “slug” has the wrong type"),
        (ruin([M, 1, "slug"], "ular-lidi"), r"ular-lidi: 'ular-lidi' appears twice"),
        (ruin([M, 0, "family"], "garis"), r"ular-lidi: “family” is 'garis', not one"),
        (ruin([M, 0, "status"], None), r"ular-lidi: “status” has the wrong type"),
        (ruin([M, 0, "colour"], "red"), r"ular-lidi: unknown: colour"),
        (ruin([M, 0, "names"], []), r"ular-lidi: needs exactly one preferred name"),
        (ruin([M, 0, "names"], {}), r"ular-lidi: “names” has the wrong type"),
        (ruin([*NAME], "x"), r"ular-lidi: name 1: is not an object"),
        (ruin([*NAME, "name"], " "), r"ular-lidi: name 1: “name” is empty"),
        (ruin([*NAME, "name"], "a\0"), r"ular-lidi: name 1: “name” contains a NUL"),
        (ruin([*NAME, "name"], "a" * 121), r"name 1: “name” is longer than 120"),
        (ruin([*NAME, "language"], "su"), r"name 1: “language” is 'su'"),
        (ruin([*NAME, "kind"], "alternative"), r"needs exactly one preferred name"),
        (
            ruin([M, 0, "names"], [MOTIFS[0]["names"][0]] * 2),
            r"name 2: 'ular-lidi|bjn|Ular Lidi' appears twice",
        ),
        (
            ruin(
                [M, 0, "names"],
                [
                    {"name": "Ular", "language": "bjn", "kind": "preferred"},
                    {"name": "A", "language": "id", "kind": "preferred"},
                    {"name": "B", "language": "id", "kind": "preferred"},
                ],
            ),
            r"ular-lidi: has two preferred names in one language",
        ),
        (ruin([*CLAIM], None), r"ular-lidi: claim 1: is not an object"),
        (ruin([*CLAIM, "key"], ...), r"ular-lidi: claim 1: “key” is missing"),
        (ruin([*CLAIM, "key"], "a|b"), r"ular-lidi: a\|b: “key” may not contain"),
        (ruin([*CLAIM, "kind"], "gosip"), r"depicts/1: “kind” is 'gosip'"),
        (ruin([*CLAIM, "main"], "yes"), r"depicts/1: “main” has the wrong type"),
        (ruin([*CLAIM, "main"], 1), r"depicts/1: “main” has the wrong type"),
        (ruin([*CLAIM, "texts"], {}), r"depicts/1: “texts” has texts for \[\]"),
        (ruin([*CLAIM, "texts", "fr"], "x"), r"depicts/1: “texts” has texts for"),
        (ruin([*CLAIM, "texts", "id"], ""), r"depicts/1: texts: “id” is empty"),
        (ruin([*CLAIM, "sources"], ["X"]), r"depicts/1: source 'X' is not in sources"),
        (ruin([*CLAIM, "sources"], [{}]), r"depicts/1: “sources” is not a list of"),
        (
            ruin([*CLAIM, "sources"], ["SEMAN", "SEMAN"]),
            r"depicts/1: '.*SEMAN' appears twice",
        ),
        (ruin([S, 0, "key"], "a|b"), r"^sources.json: a\|b: “key” may not contain"),
        (ruin([S, 0, "title"], ""), r"^sources.json: SEMAN: “title” is empty"),
        (ruin([S, 0, "url"], "javascript:x"), r"SEMAN: “url” is not an address"),
        (ruin([S, 0, "year"], 99), r"SEMAN: “year” is 99"),
        (ruin([S, 0, "year"], True), r"SEMAN: “year” has the wrong type"),
        (ruin([S, 0, "kind"], "gossip"), r"SEMAN: “kind” is 'gossip'"),
        (ruin([L, 0, "pair"], ["ular-lidi"]), r"^look_alikes.json: ular-lidi: “pair”"),
        (ruin([L, 0, "pair"], ["gelombang"] * 2), r"gelombang / gelombang: “pair”"),
        (ruin([L, 0, "pair"], ["a", "b"]), r"a / b: motif 'a' is not in motifs.json"),
        (ruin([L, 0, "tell"], "x"), r"gelombang / ular-lidi: “tell” has the wrong"),
        (ruin([L, 0, "sourced"], ...), r"gelombang / ular-lidi: “sourced” is missing"),
    ],
)
def test_each_mistake_is_named(files, folder, change, message):
    change(files)

    with pytest.raises(CatalogueError, match=message):
        read(folder(files))


@pytest.mark.parametrize("name", list(FILES))
def test_a_missing_file_is_named(files, folder, name):
    path = folder(files) / name
    path.unlink()

    with pytest.raises(CatalogueError, match=f"^{name}: not found in "):
        read(path.parent)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"{", "is not JSON"), (b"\xff\xfe", "cannot be read"), (b"", "is not JSON")],
)
def test_a_broken_file_is_named(files, folder, content, message):
    path = folder(files) / "motifs.json"
    path.write_bytes(content)

    with pytest.raises(CatalogueError, match=f"^motifs.json: {message}"):
        read(path.parent)
