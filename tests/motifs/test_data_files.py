"""The catalogue's data files hold together; read as files, without a database."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from motifs.folding import fold, plain

DATA = Path(__file__).parents[2] / "motifs" / "data"
FILES = ("motifs.json", "sources.json", "look_alikes.json", "background.json")


def read(name):
    return json.loads((DATA / name).read_text(encoding="utf-8"))


MOTIFS = read("motifs.json")
SOURCES = read("sources.json")
LOOK_ALIKES = read("look_alikes.json")
BACKGROUND = read("background.json")

SLUGS = {motif["slug"] for motif in MOTIFS}
CLAIMS = [(motif["slug"], claim) for motif in MOTIFS for claim in motif["claims"]]
LANGUAGES = {"id", "en"}
CONFIDENCES = {"high", "medium", "low", "inferred", "none"}
# In the order in which a motif's claims are written.
KINDS = ["depicts", "meaning", "use", "origin", "recognise", "disagreement"]

WITHOUT_MEANING = {
    "awan-beriring",
    "dara-manginang",
    "kambang-bogam",
    "pucuk-rabung",
    "sari-gading",
    "sisik-tanggiling",
}
# Their only known meaning is one that nobody else confirms.
UNCONFIRMED_MEANING = {
    "halilipan",
    "kambang-raja",
    "kambang-tanjung",
    "kulit-kayu",
    "ramak-sahang",
}
# Every source that was read agrees on these, as far as it says anything.
UNDISPUTED = {"daun-katu", "dara-manginang", "pucuk-rabung", "sisik-tanggiling"}


def objects_in(value):
    """Every JSON object inside ``value``, itself included."""
    if isinstance(value, dict):
        yield value
    children = value.values() if isinstance(value, dict) else value
    for child in children:
        if isinstance(child, dict | list):
            yield from objects_in(child)


def cited_in_background():
    return {
        key
        for found in objects_in(BACKGROUND)
        for field in ("sources", "steps_sources")
        for key in found.get(field, [])
    }


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_laid_out_for_people_to_edit(name):
    text = (DATA / name).read_text(encoding="utf-8")

    laid_out = json.dumps(json.loads(text), ensure_ascii=False, indent=2) + "\n"

    assert text == laid_out


def test_there_are_thirty_motifs_of_which_twenty_are_documented():
    statuses = Counter(motif["status"] for motif in MOTIFS)

    assert len(SLUGS) == len(MOTIFS) == 30
    assert statuses == {"documented": 20, "thin": 5, "name_only": 5}


def test_a_motif_of_unknown_family_has_no_confidence_in_it():
    for motif in MOTIFS:
        assert motif["family"] in {"lajur", "ceplok", "unknown"}
        assert motif["family_confidence"] in CONFIDENCES
        is_unknown = motif["family"] == "unknown"
        assert is_unknown == (motif["family_confidence"] == "none"), motif["slug"]


def test_each_motif_has_one_banjar_name_and_at_most_one_per_other_language():
    for motif in MOTIFS:
        preferred = Counter(
            name["language"] for name in motif["names"] if name["kind"] == "preferred"
        )

        assert preferred["bjn"] == 1, motif["slug"]
        assert max(preferred.values()) == 1, motif["slug"]
        assert set(preferred) <= {"bjn", *LANGUAGES}


def test_names_are_of_known_kinds_and_languages():
    for motif in MOTIFS:
        for name in motif["names"]:
            assert name["name"] == name["name"].strip() != ""
            assert name["language"] in {"bjn", *LANGUAGES}
            assert name["kind"] in {"preferred", "alternative", "misspelling"}


def test_a_motif_has_no_name_twice():
    for motif in MOTIFS:
        names = Counter(plain(name["name"]) for name in motif["names"])

        assert max(names.values()) == 1, names.most_common(1)


def test_no_name_leads_to_two_motifs():
    owners = {}
    for motif in MOTIFS:
        for name in motif["names"]:
            owners.setdefault(fold(name["name"]), set()).add(motif["slug"])

    shared = {name: slugs for name, slugs in owners.items() if len(slugs) > 1}

    assert shared == {}


def test_no_misspelling_is_the_preferred_name_of_another_motif():
    preferred = {
        plain(name["name"]): motif["slug"]
        for motif in MOTIFS
        for name in motif["names"]
        if name["kind"] == "preferred"
    }

    for motif in MOTIFS:
        for name in motif["names"]:
            if name["kind"] == "misspelling":
                owner = preferred.get(plain(name["name"]), motif["slug"])
                assert owner == motif["slug"], name["name"]


def test_claim_keys_are_unique_and_name_their_motif_and_kind():
    keys = Counter(claim["key"] for _, claim in CLAIMS)

    assert max(keys.values()) == 1, keys.most_common(1)
    for slug, claim in CLAIMS:
        pattern = rf"{slug}/{claim['kind']}/[1-9][0-9]*"
        assert re.fullmatch(pattern, claim["key"]), claim["key"]


def test_claims_are_written_in_the_order_of_their_kinds():
    for motif in MOTIFS:
        kinds = [KINDS.index(claim["kind"]) for claim in motif["claims"]]

        assert kinds == sorted(kinds), motif["slug"]


def test_every_claim_says_how_sure_it_is_and_whether_it_is_main():
    for _, claim in CLAIMS:
        assert claim["confidence"] in CONFIDENCES, claim["key"]
        assert isinstance(claim["main"], bool), claim["key"]
        assert not (claim["main"] and claim["kind"] == "disagreement"), claim["key"]


def test_every_text_is_there_in_both_languages():
    texts = [claim["texts"] for _, claim in CLAIMS]
    texts += [pair["tell"] for pair in LOOK_ALIKES]
    texts += [
        {language: found.get(language, "") for language in LANGUAGES}
        for found in objects_in(BACKGROUND)
        if LANGUAGES & set(found)
    ]

    for text in texts:
        assert set(text) == LANGUAGES, text
        assert all(value == value.strip() != "" for value in text.values()), text


def test_sentences_are_not_left_in_the_other_language():
    """A word that only one of the two languages has gives a swapped text away."""
    english = re.compile(r"\b(the|with|of|from|and|which)\b", re.IGNORECASE)
    indonesian = re.compile(r"\b(yang|dan|dengan|dari|untuk|pada)\b", re.IGNORECASE)
    texts = [claim["texts"] for _, claim in CLAIMS]
    texts += [pair["tell"] for pair in LOOK_ALIKES]
    texts += [found for found in objects_in(BACKGROUND) if set(found) >= LANGUAGES]

    for text in texts:
        # Titles of works and names of motifs keep their own language.
        assert len(english.findall(text["id"])) <= 1, text["id"]
        assert len(indonesian.findall(text["en"])) <= 2, text["en"]


def test_every_motif_says_what_it_depicts_and_how_to_recognise_it():
    for motif in MOTIFS:
        main = {claim["kind"] for claim in motif["claims"] if claim["main"]}

        assert {"depicts", "recognise"} <= main, motif["slug"]


def test_a_motif_without_a_recorded_meaning_has_no_meaning_claim():
    with_meaning = {slug for slug, claim in CLAIMS if claim["kind"] == "meaning"}

    assert SLUGS - with_meaning == WITHOUT_MEANING


def test_an_unconfirmed_meaning_is_never_the_main_one():
    with_main = {
        slug for slug, claim in CLAIMS if claim["kind"] == "meaning" and claim["main"]
    }

    assert with_main == SLUGS - WITHOUT_MEANING - UNCONFIRMED_MEANING
    for slug, claim in CLAIMS:
        if slug in UNCONFIRMED_MEANING and claim["kind"] == "meaning":
            assert claim["confidence"] == "low", claim["key"]


def test_where_sources_disagree_more_than_one_reading_is_kept():
    for motif in MOTIFS:
        others = [
            claim
            for claim in motif["claims"]
            if claim["kind"] == "disagreement"
            or (not claim["main"] and claim["confidence"] in {"low", "medium"})
        ]

        assert others or motif["slug"] in UNDISPUTED, motif["slug"]


def test_a_well_sourced_claim_cites_its_sources():
    bare = {
        claim["key"]
        for _, claim in CLAIMS
        if claim["kind"] in {"depicts", "meaning"}
        and claim["confidence"] != "none"
        and not claim["sources"]
    }

    assert bare == set()


def test_a_claim_cites_a_source_once():
    for _, claim in CLAIMS:
        assert len(set(claim["sources"])) == len(claim["sources"]), claim["key"]


def test_every_source_has_a_unique_key_and_tells_what_it_is():
    keys = Counter(source["key"].casefold() for source in SOURCES)

    assert max(keys.values()) == 1, keys.most_common(1)
    for source in SOURCES:
        assert set(source) == {"key", "title", "author", "url", "year", "kind"}
        assert source["title"], source["key"]
        assert source["author"], source["key"]
        assert source["url"] is None or re.match(r"https?://\S+$", source["url"])
        assert source["year"] is None or source["year"] > 1900


def test_every_citation_resolves_and_every_source_is_cited():
    by_claims = {key for _, claim in CLAIMS for key in claim["sources"]}

    cited = by_claims | cited_in_background()

    assert cited == {source["key"] for source in SOURCES}


def test_a_source_is_background_unless_a_claim_cites_it():
    by_claims = {key for _, claim in CLAIMS for key in claim["sources"]}

    about_motifs = {s["key"] for s in SOURCES if s["kind"] == "motif"}

    assert {source["kind"] for source in SOURCES} == {"motif", "background"}
    assert about_motifs == by_claims


def test_look_alikes_are_pairs_of_motifs_in_alphabetical_order():
    pairs = [tuple(row["pair"]) for row in LOOK_ALIKES]

    assert pairs == sorted(set(pairs))
    for first, second in pairs:
        assert first < second
        assert {first, second} <= SLUGS


def test_a_tell_is_one_sentence_that_names_both_motifs():
    names = {
        motif["slug"]: next(
            name["name"] for name in motif["names"] if name["language"] == "bjn"
        )
        for motif in MOTIFS
    }

    for row in LOOK_ALIKES:
        for text in row["tell"].values():
            assert text.endswith("."), text
            assert text.count(".") == 1, text
            assert all(names[slug] in text for slug in row["pair"]), text


def test_background_sections_have_unique_keys_titles_and_paragraphs():
    keys = [section["key"] for section in BACKGROUND]

    assert len(set(keys)) == len(keys)
    for section in BACKGROUND:
        assert set(section["title"]) == LANGUAGES
        assert section["paragraphs"], section["key"]
        for paragraph in section["paragraphs"]:
            assert set(paragraph) == {"id", "en", "confidence", "sources"}
            assert paragraph["confidence"] in CONFIDENCES


def test_asterisks_around_banjar_words_come_in_pairs_and_in_both_languages():
    for found in objects_in(BACKGROUND):
        if set(found) >= LANGUAGES:
            assert found["id"].count("*") % 2 == 0, found["id"]
            assert found["id"].count("*") == found["en"].count("*"), found["id"]


def test_the_dyes_are_the_six_of_tradition():
    (colours,) = [section for section in BACKGROUND if "dyes" in section]

    dyes = [row["dye"] for row in colours["dyes"]]

    assert dyes == ["yellow", "red", "green", "black", "purple", "brown"]
