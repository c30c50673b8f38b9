"""A hundred texts in many scripts, and a vocabulary of their pieces."""

import string

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = (
    "the a film is good bad and not of in to very cafe uber москва кино 北 京 電 影 映 画 ##s ##ing ##ed ##er".split()
)
LETTERS = [
    *string.ascii_lowercase,
    *string.digits,
    *"!?.,:;-()[]#@'\"",
    *"абвгдежзик",
    *"αβγδεσ",
    *"اب",
    *"한",
    "ß",
    "ı",
]
CONTINUATIONS = [f"##{letter}" for letter in [*string.ascii_lowercase, *string.digits, *"абвгдежзик", *"αβγδεσ"]]
TOKENS = list(dict.fromkeys([*SPECIAL, *WORDS, *LETTERS, *CONTINUATIONS]))
BASES = [
    "",
    " ",
    "\t\n",
    "the film is good.",
    "The FILM is not good!",
    "Café, naïve façade",
    "cafe\u0301 u\u0308ber Über",
    "Москва и кино",
    "МОСКВА йод ёлка",
    "北京的電影",
    "この映画 is good",
    "한국어 영화",
    "\u1112\u1161\u11ab",
    "ΣΊΣΥΦΟΣ και σίσυφος",
    "İstanbul IŞIK ısı",
    "straße STRASSE",
    "ﬁlm ﬂow",
    "１２３ Ｆｉｌｍ",
    "العربية فيلم",
    "हिन्दी फ़िल्म",
    "👍🏽 good 👨‍👩‍👧 film",
    "a [MASK] film",
    "[MASK][MASK] the [MASK].",
    "the[MASK]film",
    "[mask] [Mask]",
    "zero\u200bwidth soft\u00adhyphen \ufeffmark",
    "control\x00\x07 characters\x7f",
    "replacement \ufffd private \ue000",
    "non\u00a0breaking\u3000spaces\u2028lines",
    "don't we're o'clock",
    "e-mail: a.b@c.de, http://d.ef/?g=h#i",
    "(1,000.50) - 3:4; 5!",
    "«quotes» “curly” ‘single’ …",
    "x" * 100,
    "y" * 101,
    "films " * 60,
    "very " * 30 + "good " * 30,
    "北" * 70,
    "é" * 120,
    "the end",
]
assert len(BASES) == 40
TEXTS = [
    *BASES,
    *(text.upper() for text in BASES[3:23]),
    *(f"{a} {b}" for a, b in zip(BASES, BASES[::-1], strict=True)),
]
assert len(TEXTS) == 100
GOLDEN_TEXTS = [BASES[number] for number in (0, 4, 6, 7, 9, 13, 21)]
