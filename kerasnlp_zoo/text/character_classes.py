"""Classes of characters, as parts of TensorFlow's regular expressions (RE2)."""

CJK = r"\p{Han}\p{Hiragana}\p{Katakana}"
# One emoji: a flag, or a symbol with its skin tone or variation, with further symbols joined to it.
MODIFIERS = r"[\x{FE0F}\x{1F3FB}-\x{1F3FF}]*"
EMOJI = rf"[\x{{1F1E6}}-\x{{1F1FF}}]{{2}}|\p{{So}}{MODIFIERS}(?:\x{{200D}}\p{{So}}{MODIFIERS})*"
SPACES = r"[\p{Z}\p{Cc}\x{200B}\x{FEFF}]"
