"""Spellings that readers do not tell apart fold to one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motifs.folding import fold, plain

SAME = [
    ("Hiris Pudak", "Iris Pudak"),
    ("Kambang Kacang", "Kembang Kacang"),
    ("Daun Jaruju", "Daun Jeruju"),
    ("Kangkung Kaombakan", "Kangkung Kaumbakan"),
    ("Naga Balimbur", "Naga Belimbur"),
    ("Bintang Bahambur", "Bintang Behambur"),
    ("Gelombang", "Galombang"),
    ("Sisik Tanggiling", "Sisik Tenggiling"),
    ("Haruan", "Aruan"),
    ("Jumputan", "Djoempoetan"),
    ("Tjarang Manis", "Carang Manis"),
    ("Maidens' descent", "maidens’ DESCENT"),
    ("Snakehead-fish teeth", "snakehead fish teeth"),
    ("Pūdak", "Pudak"),
    ("Hiris  Gagatas", "hiris_gagatas"),
]
DIFFERENT = [
    ("Kulit Kayu", "Kulat Kayu"),
    ("Ular Lidi", "Ular Lada"),
    ("Bayam Raja", "Bayam Rajah Muda"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_that_sound_alike_fold_to_one(one, other):
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_words_stay_different(one, other):
    assert fold(one) != fold(other)


@given(st.text())
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_what_is_folded_is_words_with_single_spaces(text):
    for folded in (plain(text), fold(text)):
        assert folded == " ".join(folded.split())
        assert all(word.isalnum() for word in folded.split())


@given(st.text())
def test_case_does_not_matter(text):
    # Not every letter has a way back from capitals: ß becomes SS.
    assert fold(text.casefold()) == fold(text)
