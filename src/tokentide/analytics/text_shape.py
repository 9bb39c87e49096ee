"""What a text is made of, as far as a tokenizer minds: words, digits, punctuation, white space, letters of each script.

A tokenizer cuts before each of these; how many tokens a piece then is depends on the family of the model.
"""

from __future__ import annotations

import re

WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
"""Words of ASCII letters, those written together taken apart: parseJSONText has three."""
USUAL_LETTERS = 5
"""So much of a word is free: longer ones are often cut."""
_COUNTED = {
    "digits": r"[0-9]{1,3}",
    "punctuation": r"[!-/:-@\[-`{-~]+",
    "lines": r"\n[ \t\r\n]*",
    "gaps": r"(?<![\n \t\r])[ \t]{2,}",
    "lone_spaces": r"(?<! ) (?![A-Za-z \n])",
}
_SCRIPTS = {
    "latin": "\u00c0-\u024f\u1e00-\u1eff",
    "greek": "\u0370-\u03ff",
    "cyrillic": "\u0400-\u052f",
    "hebrew": "\u0590-\u05ff",
    "arabic": "\u0600-\u06ff",
    "indic": "\u0900-\u0dff\u10a0-\u10ff",
    "thai": "\u0e00-\u0e7f",
    "kana": "\u3040-\u30ff",
    "han": "\u4e00-\u9fff",
    "hangul": "\uac00-\ud7af",
}
FOREIGN = re.compile(
    r"\b(?:der|und|das|ist|nicht|mit|auf|ein|eine|wird|von|les|des|est|pour|dans|une|que|los|las|una|por|para|della|che|"
    r"sono|het|een|van|niet|voor|dat|och|att|inte|som|ikke|og|yang|untuk|dengan|tidak|dari|nie|jest|bir|olarak|ei|oli|"
    r"joka|nem|egy|hogy|uma|como|nelze|byl|pro|se)\b"
)
"""Frequent words of other languages in Latin letters, whose words are cut more often than English ones."""
_ASCII = {name: re.compile(pattern) for name, pattern in _COUNTED.items()}
_BEYOND = {
    **{name: re.compile(f"[{letters}]") for name, letters in _SCRIPTS.items()},
    "other": re.compile(f"[^\x00-\x7f{''.join(_SCRIPTS.values())}]"),
}
FEATURES = ("words", "long_letters", "capitals", "foreign_words", *_ASCII, *_BEYOND)


def shape_of(text: str) -> tuple[int, ...]:
    """How often each of FEATURES is in the text; 100 ms a megabyte."""
    words = WORDS.findall(text)
    lengths = [len(word) for word in words]
    long_letters = sum(length - USUAL_LETTERS for length in lengths if length > USUAL_LETTERS)
    capitals = sum(len(word) - 1 for word in words if word[-1] <= "Z")
    plain = [len(pattern.findall(text)) for pattern in _ASCII.values()]
    beyond = [0] * len(_BEYOND) if text.isascii() else [len(pattern.findall(text)) for pattern in _BEYOND.values()]
    return (len(words), long_letters, capitals, len(FOREIGN.findall(text)), *plain, *beyond)
