"""Search finds motifs by any name however spelt, and then by what is said of them."""

import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from motifs import catalogue_files
from motifs.drawings import DATA
from motifs.folding import fold, plain
from motifs.importing import synchronise
from motifs.models import Motif, MotifName
from motifs.search import (
    CLOSE_NAME,
    EMPTY_WORDS,
    EXACT,
    LONGEST_QUERY,
    PARTIAL,
    clean,
    likeness,
    search,
)
from tests.factories import ClaimFactory, MotifFactory, MotifNameFactory

ANY_TEXT = st.text(max_size=300)


# Every name of the data files, as the database would hold it.
NAMES = [
    (row["motif"], MotifName(name=row["name"], folded=fold(row["name"])))
    for row in catalogue_files.read(DATA)["name"].values()
]
# On a busy machine the time of one example says nothing.


@pytest.fixture
def catalogue(db):
    synchronise(catalogue_files.read(DATA))


def slugs(query):
    found = search(query)
    by_id = dict(Motif.objects.values_list("pk", "slug"))
    return [by_id[hit.motif_id] for hit in found.hits]


class TestTheCatalogue:
    @pytest.mark.parametrize(
        ("query", "slug"),
        [
            ("iris puduk", "hiris-pudak"),
            ("hiris pundak", "hiris-pudak"),
            ("HIRIS-PUDAK", "hiris-pudak"),
            ("hirispudak", "hiris-pudak"),
            ("gigi ikan gabus", "gigi-haruan"),
            ("snakehead", "gigi-haruan"),
            ("aruan", "gigi-haruan"),
            ("kulit kurikit", "kulat-karikit"),
            ("pandan leaf", "hiris-pudak"),
            ("daun pandan", "hiris-pudak"),
            ("motif gigi haruan sasirangan", "gigi-haruan"),
            ("kembang sasaki", "kambang-sakaki"),
            ("tumpuk manggis", "tampuk-manggis"),
            ("bintang bertaburan", "bintang-bahambur"),
            ("scattered stars", "bintang-bahambur"),
            ("kangkung kaumbakan", "kangkung-kaombakan"),
            ("gelombng", "gelombang"),
            ("ular ldi", "ular-lidi"),
            ("trenggiling", "sisik-tanggiling"),
        ],
    )
    def test_a_name_in_any_spelling_finds_its_motif_first(self, catalogue, query, slug):
        assert slugs(query)[0] == slug

    def test_one_word_finds_all_motifs_that_share_it(self, catalogue):
        found = slugs("kambang")

        assert {
            "kambang-kacang",
            "kambang-bogam",
            "kambang-raja",
            "kambang-sakaki",
            "kambang-tanjung",
        } <= set(found[:6])

    def test_the_beginning_of_a_word_is_enough(self, catalogue):
        assert "bintang-bahambur" in slugs("bint")
        assert "ombak-sinapur-karang" in slugs("omb")

    def test_kulit_kayu_is_not_taken_for_kulit_karikit(self, catalogue):
        assert "kulit-kayu" not in slugs("kulit karikit")

    def test_what_is_only_said_of_a_motif_is_found_after_names(self, catalogue):
        found = search("gabus")

        assert "gigi-haruan" in slugs("gabus")
        scores = [hit.score for hit in found.hits]
        assert scores == sorted(scores, reverse=True)

    def test_nonsense_finds_nothing_and_proposes_nothing(self, catalogue):
        found = search("xqzxqz wvwvwv")

        assert not found.hits
        assert not found.suggestion

    @pytest.mark.parametrize("query", ["hiris pudax", "gigi haruam", "mayang muray"])
    def test_a_guess_asks_what_was_meant(self, catalogue, query):
        assert search(query).suggestion in {
            "Hiris Pudak",
            "Gigi Haruan",
            "Mayang Maurai",
        }

    @pytest.mark.parametrize("query", ["hiris pudak", "iris pundak", "gigi", "teeth"])
    def test_what_was_found_as_typed_asks_nothing(self, catalogue, query):
        assert search(query).suggestion == ""

    def test_the_matched_spelling_is_told(self, catalogue):
        assert search("iris puduk").hits[0].matched_name == "Iris Puduk"

    @pytest.mark.parametrize(
        "query",
        [
            "",
            " ",
            "\0",
            "\x00\x01\x02",
            "🐟",
            "🐟 gigi 🐟",
            "'; DROP TABLE motifs_motif; --",
            "a" * 5000,
            "!!!",
            "& | ! ( ) :* <->",
            "\"'\\",
            "%_%",
            "\ud800",
            "‮gigi",
            "-",
            "motif",
            "the",
            "ﷺ" * 200,
        ],
    )
    def test_no_query_is_too_strange(self, catalogue, query):
        found = search(query)

        assert found.hits is not None

    @settings(
        max_examples=60,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(query=ANY_TEXT)
    def test_any_text_is_a_query(self, catalogue, query):
        for hit in search(query).hits:
            assert 0 <= hit.score <= 100


@pytest.mark.django_db
class TestRules:
    def test_drafts_are_not_found_by_name_nor_by_claim(self):
        draft = MotifFactory(draft=True, name="Rahasia")
        ClaimFactory(motif=draft, text="Rahasia sekali.")

        assert search("rahasia").hits == []

    def test_merged_motifs_are_not_found(self):
        other = MotifFactory(name="Ular Lidi")
        MotifFactory(name="Ular Sawa", state="merged", merged_into=other)

        assert search("ular sawa").suggestion in {"", "Ular Lidi"}
        assert {hit.motif_id for hit in search("ular").hits} == {other.pk}

    @pytest.mark.parametrize(
        ("language", "text", "query"),
        [
            ("id", "Dikenakan pengantin perempuan.", "pengantin"),
            ("id", "Daunnya dimakan sehari-hari.", "makan"),
            ("en", "Worn by dancing brides.", "bride dance"),
            ("en", "Worn by dancing brides.", "dancing"),
        ],
    )
    def test_claims_are_found_by_word_and_by_stem(self, language, text, query):
        claim = ClaimFactory(language=language, text=text)

        assert [hit.motif_id for hit in search(query).hits] == [claim.motif_id]
        assert search(query).hits[0].matched_name == ""

    def test_a_motif_is_found_once_however_often_it_matches(self):
        motif = MotifFactory(name="Gelombang")
        MotifNameFactory(motif=motif, name="Gelombang", language="id")
        ClaimFactory(motif=motif, text="Gelombang laut.")
        ClaimFactory(motif=motif, text="Gelombang besar.")

        assert len(search("gelombang").hits) == 1

    def test_a_name_beats_a_claim(self):
        said = ClaimFactory(text="Ombak, ombak, ombak.").motif
        named = MotifFactory(name="Ombak Karang")

        assert [hit.motif_id for hit in search("ombak").hits] == [named.pk, said.pk]

    def test_the_preferred_name_beats_an_alternative_spelt_alike(self):
        other = MotifFactory(name="Kambang")
        alternative = MotifNameFactory(motif=other, name="Bintang")
        preferred = MotifFactory(name="Bintang")

        found = [hit.motif_id for hit in search("bintang").hits]

        assert set(found) == {alternative.motif_id, preferred.pk}

    def test_the_number_of_queries_does_not_grow(self, django_assert_num_queries):
        for _ in range(3):
            ClaimFactory(motif=MotifFactory(name="Ombak"), text="Ombak.")
        with django_assert_num_queries(2):
            search("ombak")
        for _ in range(20):
            ClaimFactory(motif=MotifFactory(), text="Ombak.")

        with django_assert_num_queries(2):
            search("ombak")


class TestLikeness:
    """Over every name of the data files, without a database."""

    def test_every_name_is_exactly_like_itself(self):
        for _slug, name in NAMES:
            assert likeness(plain(name.name), name.folded, name) == EXACT

    @given(data=st.data())
    def test_one_wrong_letter_still_finds_the_name(self, data):
        slug, name = data.draw(st.sampled_from(NAMES))
        place = data.draw(st.integers(0, len(name.name) - 1))
        letter = data.draw(st.sampled_from(string.ascii_lowercase))
        how = data.draw(st.sampled_from(["change", "drop", "insert", "swap"]))
        head, tail = name.name[:place], name.name[place + 1 :]
        typed = {
            "change": head + letter + tail,
            "drop": head + tail,
            "insert": head + letter + name.name[place:],
            "swap": head + tail[:1] + name.name[place] + tail[1:],
        }[how]

        best = max(
            likeness(plain(typed), fold(typed), other)
            for other_slug, other in NAMES
            if other_slug == slug
        )

        assert best >= CLOSE_NAME, typed

    @given(data=st.data())
    def test_any_word_of_a_name_finds_it_as_typed(self, data):
        _slug, name = data.draw(st.sampled_from(NAMES))
        words = [w for w in plain(name.name).split() if fold(w) not in EMPTY_WORDS]
        word = data.draw(st.sampled_from(words))

        assert likeness(word, fold(word), name) >= PARTIAL

    @given(query=ANY_TEXT)
    def test_scores_stay_in_range(self, query):
        for _slug, name in NAMES:
            assert 0 <= likeness(plain(query), fold(query), name) <= 100


@given(ANY_TEXT)
def test_a_clean_query_is_one_short_printable_line(query):
    cleaned = clean(query)

    assert len(cleaned) <= LONGEST_QUERY
    assert cleaned == clean(cleaned)
    assert cleaned.isprintable()
    cleaned.encode("utf-8")
