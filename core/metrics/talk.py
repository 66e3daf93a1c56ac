"""What a message is, read from its words: an acknowledgement, a question, something with a link. Rules of thumb, ours.

Words are Chinese or English. An **acknowledgement** says nothing but that something was heard: only words of thanks and
assent (收到, 谢谢, ok, thx), alone or after one another, or no letter and no figure at all (👍, [强], 。。。), or a single 1 or 6.
A **question** holds a question mark, ends as Chinese questions end (吗, 呢, 么), or begins as English ones begin (how, what, does
anybody …). What asks is no acknowledgement; a question can hold a link.
"""

import ibis
import ibis.expr.types as ir

_HEARD = (
    "收到", "好的", "好滴", "好哒", "好嘞", "好呀", "好吧", "好", "嗯嗯", "嗯", "哦哦", "哦", "噢", "行", "可以", "明白", "了解", "知道了",
    "谢谢", "谢啦", "谢了", "感谢", "多谢", "谢", "辛苦了", "辛苦", "赞", "棒", "对的", "是的", "没事", "不客气", "不用谢", "已阅",
    "ok", "okay", "okey", "kk", "k", "yes", "yep", "yup", "yeah", "yea", "thanks", "thankyou", "thank", "thx", "ty", "tks", "cheers", "np", "noproblem",
    "noworries", "yourewelcome", "welcome", "gotit", "isee", "sure", "great", "cool", "nice", "awesome", "lol", "oh", "ah", "right", "done",
)  # fmt: skip
_BESIDE = (
    "你们", "您们", "你", "您", "大家", "群主", "老板", "老师", "亲", "店长", "小姐姐", "啦", "了", "哈", "呀", "哦", "的", "很", "非常", "太",
    "you", "so", "very", "much", "alot", "lots", "guys", "all", "everyone", "man", "mate", "a", "lot", "for", "the", "help", "anyway", "again",
)  # fmt: skip
"""Who is thanked, and how much."""
ACKNOWLEDGEMENT = rf"^(?:(?:{'|'.join(_HEARD)})(?:{'|'.join(_BESIDE)})*)+$|^[16]*$"
QUESTION = (
    r"[?？]|(?:吗|呢|么|没有人|多少|怎么办|怎么用)[呀啊～~。.!！ ]*$"
    r"|(?i)^\s*(?:@?[\w\-\[\]^|`]+[:,]\s*)?(?:how|what|why|where|when|which|who|whose|can|could|does|do|did|is there|are there|any idea|anyone|anybody|has any)\b"
)
LINK = r"(?i)https?://|www\.[a-z0-9]|mp\.weixin\.qq\.com"
NOT_SAID = ("system", "rename", "notice")
"""Kinds of messages that nobody said."""
_EMOTICON = r"\[[^\[\]\s]{1,6}\]"
"""WeChat writes its own pictures as words: [强], [OK], [抱拳]."""
_CALLED = r"^\s*(?:@\S+|[\w\-\[\]^|`]+[:,])\s+"
"""Whom a message is for, as chats begin: ``bob: …``, ``@小王 …``."""
_NO_LETTER = r"[^\p{L}\p{N}]+"


_ADDRESS = r"(?i)(?:https?://|www\.)\S+"
LONGEST_HEARD = 40
"""Letters beyond which nothing is a mere acknowledgement: longer texts are not even looked at."""


def is_acknowledgement(text: ir.StringValue) -> ir.BooleanValue:
    """Whether a text says nothing but that something was heard. Null where there is no text."""
    bare = text.re_replace(_CALLED, "").re_replace(_EMOTICON, "").re_replace(_NO_LETTER, "").lower()
    is_heard = bare.re_search(ACKNOWLEDGEMENT) & ~text.re_search(r"[?？]")
    return ibis.cases((text.isnull(), None), (text.length() > LONGEST_HEARD, False), else_=is_heard)


def is_question(text: ir.StringValue) -> ir.BooleanValue:
    """Whether a text asks. Null where there is no text."""
    return text.re_replace(_ADDRESS, "").re_search(QUESTION)


def has_link(text: ir.StringValue) -> ir.BooleanValue:
    """Whether a text leads elsewhere. Null where there is no text."""
    return text.re_search(LINK)


def marked(messages: ir.Table) -> ir.Table:
    """Rows of ``group_messages`` with the columns that are read from their words: ``is_heard``, ``is_question``, ``has_link``.
    A message without a text is none of the three."""
    rules = {"is_heard": is_acknowledgement, "is_question": is_question, "has_link": has_link}
    return messages.mutate(**{name: rule(messages.text).fill_null(False) for name, rule in rules.items()})


def is_activity(messages: ir.Table) -> ir.BooleanValue:
    """Whether a row of ``group_messages`` is something a member said: no staff, no bot, no notice of the chat itself, no mere
    acknowledgement. A picture, a file or a link counts, and so does a text that was not kept.

    Rows that were brought before messages were marked are read anew; without a column ``text`` all are taken for marked.
    """
    return (messages.sender_kind == "member") & is_said(messages)


def is_said(messages: ir.Table) -> ir.BooleanValue:
    """Whether anybody, a member, the staff or a bot, says something in a row of ``group_messages``, as for ``is_activity``."""
    kind = messages.message_kind.fill_null("text")
    is_heard = messages.is_heard
    if "text" in messages.columns:
        is_heard = is_heard.fill_null(is_acknowledgement(messages.text))
    return kind.notin(NOT_SAID) & ~((kind == "text") & is_heard.fill_null(False))
