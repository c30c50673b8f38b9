"""Golden texts: their answers check an entry or an export. Each task and language has its own."""

from typing import Any

from kerasnlp_zoo.tasks.exportable import Exportable

# The texts were written for this project: ordinary sentences, and strings that are difficult to preprocess.
GOLDEN_TEXTS = {
    "en": (
        "a gripping, beautifully acted film",
        "dull, clumsy and far too long",
        "I don't think anyone's going to like it!",
        "Ｆｕｌｌ－ｗｉｄｔｈ ＣＡＦＥ\u0301 👍🏽",
        "",
    ),
    "zh": ("东西很好，下次还来买！", "质量太差了，不推荐。", "iPhone14手机壳 5元，便宜👍", "", "Ｏｋ"),
}
GOLDEN_PAIRS = {
    "en": (
        ("A man plays a guitar.", "A person is making music."),
        ("A man plays a guitar.", "Nobody plays anything."),
        ("Ｆｕｌｌ－ｗｉｄｔｈ ＣＡＦＥ\u0301 👍🏽", "a café"),
        ("", ""),
    ),
    "zh": (("他在弹吉他。", "有人在演奏音乐。"), ("他在弹吉他。", "没有人在演奏。"), ("Ｏｋ iPhone14", "好"), ("", "")),
}
# For tasks that need texts of another kind.
GOLDEN_TEXTS_OF_TASK: dict[str, dict[str, tuple[Any, ...]]] = {
    "question_answering": {
        "en": (
            ("Who wrote the letter?", "Anna was in Paris. The letter was written by her brother Paul in May."),
            (
                "Where is the café?",
                "CAFE\u0301 Ｎｏ．５ stands beside the station 👍🏽; " + "trains leave every hour. " * 40,
            ),
            ("Why?", ""),
        ),
        "zh": (("谁写了这封信？", "安娜在巴黎。五月，她的哥哥保罗写了这封信。"), ("为什么？", "")),
    },
    "token_classification": {
        "en": (
            "Anna Smith works for the European Union in Paris.",
            "The U.S. team didn't meet Ｏｍａｒ in São Paulo on 5 May 👍🏽",
            "a gripping, beautifully acted film",
            "",
        ),
        "zh": (
            "王小红昨天从北京大学回到上海。",
            "新华社东京１月１日电（记者张国成）日本首相今天发表新年讲话。",
            "东西很好，下次还来买！",
            "iPhone14手机壳 5元，便宜👍",
            "",
        ),
    },
    "fill_mask": {
        "en": (
            "The capital of France is [MASK].",
            "a [MASK] film",
            "[MASK]",
            "Ｆｕｌｌ－ｗｉｄｔｈ ＣＡＦＥ\u0301 [MASK] 👍🏽",
        ),
        "zh": ("东西很[MASK]，下次还来买！", "[MASK]", "iPhone14[MASK]机壳 Ｏｋ"),
    },
    "word_embedding": {
        "en": ("king", "music", "Monday", "good", "three", "Ｆｉｌｍ", "cafe\u0301", "New York", "xyzzyx", ""),
        "zh": ("国家", "经济", "音乐", "好", "三", "电影", "Ｏｋ", "两 个", "", "👍"),
    },
}


def golden_texts(task: Exportable) -> list[Any]:
    """Return the texts, or pairs of texts, that check a task."""
    if hasattr(task.preprocessor, "golden_texts"):  # texts of parses, or of a language that GOLDEN_TEXTS lacks
        return task.preprocessor.golden_texts
    usual: dict[str, tuple[Any, ...]] = GOLDEN_TEXTS if len(task.preprocessor.inputs) == 1 else GOLDEN_PAIRS
    return list(GOLDEN_TEXTS_OF_TASK.get(task.name, usual)[task.preprocessor.language])
