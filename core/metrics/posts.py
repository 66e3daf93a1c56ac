"""What the staff post in group chats: which messages are posts, which of them are sends, and of what sort each is.

The 3+1 rule of the trade wants six posts in ten to bring content, three to have members do something, and one to show the people
behind the brand. A post is sorted without a model, by the first rule that holds:

1. It carries a piece of content that the house lists (``content_id``): content.
2. It has members do something (投票, 接龙, 打卡, 抽奖, 有奖问答, poll, quiz …), whatever else it carries: interaction.
3. It is about people (欢迎, 生日, 同事, 顾问, welcome, birthday …): people.
4. It carries something (a picture, a link, a mini-program, a file), or begins with a heading or word of content (【…】, 新品, 攻略,
   recipe …): content.
5. It asks: interaction.
6. None of these: other, which is told and never shared out.

Rules of thumb, ours; how often they are right on the demo brand is measured by a test.
"""

from typing import Literal

import ibis
import ibis.expr.types as ir

from core.metrics import talk

Sort = Literal["content", "interaction", "people", "other"]
SORTS: tuple[Sort, ...] = ("content", "interaction", "people", "other")
PLAN: dict[Sort, float] = {"content": 0.6, "interaction": 0.3, "people": 0.1}
"""Shares that the 3+1 rule asks for, a rule of thumb."""
BARE = ("text", "action")
"""Kinds of messages that carry nothing but words."""
UNSAID = ("system", "rename")
"""Kinds that tell of the chat itself; a notice of the staff (群公告) is a post."""
DOING = (
    r"投票|接龙|打卡|签到|抽奖|开奖|竞猜|猜一?猜|问答|答题|有奖|征集|评选|票选|晒[出一晒图单]|扣 ?[1１一]|点赞|评论区|留言|报名|话题|讨论|接力|互动|抢答|"
    r"(?i)\b(?:vote|poll|raffle|lottery|giveaway|lucky draw|check[ -]?in|quiz|sign[ -]?up|guess|comment below|tell us|reply with|show us|share your)\b"
)
PEOPLE = (
    r"欢迎|新朋友|新人|新成员|生日|介绍一下|自我介绍|认识一下|同事|店长|顾问|主理人|团队|老师傅|小伙伴|感谢(?:大家|各位|陪伴)|陪伴|"
    r"(?i)\b(?:welcome|birthday|introduc\w+|meet (?:our|the)|our team|colleague|anniversary|thank you all|thanks,? everyone)\b"
)
CONTENT = (
    r"^\s*【[^】]{1,20}】|新品|上新|攻略|教程|干货|科普|知识|食谱|配方|测评|推荐|直播回放|文章|视频|"
    r"(?i)\b(?:new arrival|recipe|how[ -]to|guide|tutorial|review|article|video|replay)\b"
)


def is_post(messages: ir.Table) -> ir.BooleanValue:
    """Whether the staff wrote it of their own accord: what replies to somebody is service, and no post."""
    kind = messages.message_kind.fill_null("text")
    return (messages.sender_kind == "staff") & messages.reply_to.isnull() & kind.notin(UNSAID)


def carries(messages: ir.Table) -> ir.BooleanValue:
    """Whether a row of ``group_messages`` brings more than words: content, a picture, a link, a mini-program, a notice."""
    kind = messages.message_kind.fill_null("text")
    has_link = messages.has_link
    if "text" in messages.columns:
        has_link = has_link.fill_null(talk.has_link(messages.text))
    return messages.content_id.notnull() | kind.notin((*BARE, *UNSAID)) | has_link.fill_null(False)


def is_send(messages: ir.Table) -> ir.BooleanValue:
    """Whether it is a post that carries something: what people get from a group without having asked."""
    return is_post(messages) & carries(messages)


def sort(messages: ir.Table) -> ir.StringValue:
    """The ``Sort`` of a post, by its words and what it carries. A post without its text is sorted by what it carries alone."""
    text = messages.text.fill_null("")
    return ibis.cases(
        (messages.content_id.notnull(), "content"),
        (text.re_search(DOING), "interaction"),
        (text.re_search(PEOPLE), "people"),
        (carries(messages) | text.re_search(CONTENT), "content"),
        (talk.is_question(text), "interaction"),
        else_="other",
    )
