"""The mistakes that clerks make, each with its chance (domain-annex C): they meet both sides of a true match."""

from __future__ import annotations

from datetime import date

from deploy.demo.population.draw import Draw
from deploy.demo.population.individual import Individual, Passport
from deploy.demo.population.names import FullName

# How an Indonesian clerk spells what he hears; longest first.
BY_EAR = (
    ("ZH", "C"),
    ("XIAO", "SIAU"),
    ("XI", "SI"),
    ("X", "S"),
    ("QI", "CI"),
    ("Q", "K"),
    ("SH", "SY"),
    ("JOHN", "JHON"),
    ("PH", "F"),
    ("OO", "U"),
    ("EE", "I"),
    ("CHAE", "CE"),
    ("MICHAEL", "MAIKEL"),
    ("GUO", "KUO"),
    ("WOO", "U"),
)
NEIGHBOURS = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "SVXFRGHJUKLANMPOWTDYIBESTX", strict=True))
CONFUSED = {"O": "0", "0": "O", "I": "1", "1": "I", "B": "8", "8": "B", "S": "5", "5": "S"}
MONTHS = (
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
)


class Noise(Draw):
    """Chance for one person at one agency; a careful person is written without mistakes."""

    __slots__ = ("careful",)

    def __init__(self, seed: int, careful: bool) -> None:
        super().__init__(seed)
        self.careful = careful

    def errs(self, probability: float) -> bool:
        """Say whether the clerk makes a mistake that he makes with `probability`."""
        return self.share() < probability and not self.careful

    def typing_error(self, text: str) -> str:
        """Swap two neighbours, drop a letter or hit the key beside it."""
        if len(text) < 4:
            return text
        at = self.between(1, len(text) - 2)
        kind = self.between(0, 2)
        if kind == 0:
            return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        if kind == 1:
            return text[:at] + text[at + 1 :]
        return text[:at] + NEIGHBOURS.get(text[at], text[at]) + text[at + 1 :]

    def respelled(self, name: FullName) -> tuple[str, str]:
        """Give family and given names in another spelling of either, where there is one."""
        family = self.one(name.other_family) if name.other_family and self.happens(0.5) else name.family
        given = self.one(name.other_given) if name.other_given else name.given
        return family, given

    def passport(self, person: Individual, share_old: float) -> Passport:
        """Give the newest passport, or for `share_old` of all people the one before it, where there is one."""
        if len(person.passports) > 1 and self.errs(share_old / 0.3):
            return person.passports[1]
        return person.passports[0]


def western(name: FullName) -> str:
    """Given names, then the surname."""
    return f"{name.given} {name.family}".strip()


def eastern(name: FullName) -> str:
    """The surname, then the given names, as a passport is read aloud."""
    return f"{name.family} {name.given}".strip()


def by_ear(text: str) -> str:
    """Spell an upper-case name as a clerk hears it."""
    for sound, letters in BY_EAR:
        if sound in text:
            text = text.replace(sound, letters)
    return text


def swapped(born: date) -> date:
    """Day and month exchanged, where that is a date."""
    return date(born.year, born.day, born.month) if born.day <= 12 else born


def long_date(day: date) -> str:
    """A date as Indonesians write it out: `12 Maret 1984`."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def confused(text: str, noise: Noise) -> str:
    """Read one character of a machine readable line as the one that looks like it."""
    places = [at for at, character in enumerate(text) if character in CONFUSED]
    if not places:
        return text
    at = noise.one(places)
    return text[:at] + CONFUSED[text[at]] + text[at + 1 :]
