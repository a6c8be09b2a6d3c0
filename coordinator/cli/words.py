"""Words of the officer's screen, in Indonesian and English."""

from __future__ import annotations

from typing import Final

from federation.terms import Language

WORDS: Final[dict[str, tuple[str, str]]] = {
    "agency": ("instansi", "agency"),
    "outcome": ("hasil", "outcome"),
    "class": ("kelas", "class"),
    "band": ("kecocokan", "band"),
    "receipt": ("tanda terima", "receipt"),
    "field": ("bidang", "field"),
    "value": ("nilai", "value"),
    "as_of": ("per", "as of"),
    "record": ("catatan", "record"),
    "answer": ("menjawab", "answered"),
    "refusal": ("menolak", "refused"),
    "silence": ("tidak menjawab", "silent"),
    "strong": ("cocok kuat", "strong match"),
    "possible": ("mungkin cocok", "possible match"),
    "none": ("tidak cocok", "no match"),
    "notified": ("akan menghubungi", "may ring"),
    "refused": ("menolak", "refused"),
    "silent": ("tidak menjawab", "silent"),
    "match": ("cocok", "match"),
    "asked": ("Ditanyakan", "Asked"),
    "outcomes": ("Jawaban instansi", "What each agency said"),
    "disclosed": ("Yang diungkapkan", "What was disclosed"),
    "nothing_disclosed": ("Tidak ada bidang yang diungkapkan.", "No field was disclosed."),
    "cut": ("sebagian dipotong", "list was cut"),
    "proved": ("terbukti", "proved"),
    "not_separable": (
        "Catatan dikaitkan hanya oleh subjek yang ditanyakan; belum tentu satu orang.",
        "Records are linked by the subject asked about alone; they may not be of one person.",
    ),
    "incomplete": (
        "Hasil belum lengkap: ada instansi yang tidak menjawab. Tidak menjawab bukan berarti tidak ada.",
        "The result is incomplete: some agencies were silent. Silence does not mean that there is nothing.",
    ),
    "score": ("skor", "score"),
    "bits": ("bobot", "bits"),
    "contact": ("hubungi", "ring"),
}
DISCLAIMER: Final = "Indikasi untuk petugas, bukan putusan. / An indication for an officer, not a verdict."


def word(key: str, language: Language) -> str:
    """A word of the screen."""
    indonesian, english = WORDS[key]
    return indonesian if language == "id" else english
