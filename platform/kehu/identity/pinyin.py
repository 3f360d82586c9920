"""Chinese names spelt in Latin letters, for those who search by pinyin or by its initials."""

import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module

import polars as pl

from kehu.identity.names import letters_alone

# ü is typed as v.
_UMLAUT = ("u\N{COMBINING DIAERESIS}", "v")


def pinyin_text(texts: pl.Series) -> pl.Series:
    """What a search by pinyin looks in: the name spelt whole, and behind a space its syllables' initials.

    顺达物流ab, as `search_text` has it, gives "shundawuliuab sdwlab". A phrase is read as the dictionary reads it
    (重庆 is chongqing), the longest where several begin; any other character by its most frequent reading.
    Null where a name has no Chinese character.
    """
    chinese = texts.filter(texts.str.contains(r"\p{Han}")).unique()
    if chinese.is_empty():
        return pl.Series(texts.name, [None] * len(texts), pl.String)
    plain = letters_alone(chinese)
    found = _readings(set(plain.str.join("")[0]))
    known, syllables = list(found), list(found.values())
    whole = plain.str.replace_many(known, ["".join(each) for each in syllables], leftmost=True)
    first = plain.str.replace_many(known, ["".join(part[0] for part in each) for each in syllables], leftmost=True)
    return texts.replace_strict(chinese, whole + " " + first, default=None, return_dtype=pl.String)


def _readings(letters: set[str]) -> dict[str, tuple[str, ...]]:
    """The syllables of each phrase and character that can stand in a text of these letters, the longest first."""
    phrases = {
        phrase: syllables
        for letter in letters
        for phrase, syllables in _phrases().get(letter, ())
        if letters.issuperset(phrase)
    }
    longest_first = dict(sorted(phrases.items(), key=lambda item: (-len(item[0]), item[0])))
    return longest_first | {letter: (_spelt(letter),) for letter in sorted(letters) if ord(letter) in _characters()}


@cache
def _phrases() -> Mapping[str, Sequence[tuple[str, tuple[str, ...]]]]:
    """By their first characters the phrases that are not read as their characters are one by one."""
    found: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for phrase, readings in import_module("pypinyin.phrases_dict").phrases_dict.items():
        syllables = tuple(_plain(reading[0]) for reading in readings)
        if len(syllables) == len(phrase) and syllables != tuple(map(_spelt, phrase)):
            found.setdefault(phrase[0], []).append((phrase, syllables))
    return found


@cache
def _spelt(letter: str) -> str:
    """The most frequent reading of a character; the character where it has none."""
    return _plain(_characters().get(ord(letter), letter).partition(",")[0])


@cache
def _characters() -> Mapping[int, str]:
    """The readings by code point; looked up when first asked, as most commands never do and each would wait for it."""
    readings: Mapping[int, str] = import_module("pypinyin.pinyin_dict").pinyin_dict
    return readings


@cache
def _plain(syllable: str) -> str:
    """Without its tone."""
    letters = unicodedata.normalize("NFD", syllable).replace(*_UMLAUT)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
