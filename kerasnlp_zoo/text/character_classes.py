"""Classes of characters, as regular expressions of TensorFlow (RE2)."""

CJK = r"\p{Han}\p{Hiragana}\p{Katakana}"
# One emoji as people see it: a flag, or a symbol with its skin tone or variation, joined to others.
MODIFIERS = r"[\x{FE0F}\x{1F3FB}-\x{1F3FF}]*"
EMOJI = rf"[\x{{1F1E6}}-\x{{1F1FF}}]{{2}}|\p{{So}}{MODIFIERS}(?:\x{{200D}}\p{{So}}{MODIFIERS})*"
SPACES = r"[\p{Z}\p{Cc}\x{200B}\x{FEFF}]"
