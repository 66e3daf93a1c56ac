"""The few pages that customers see, in the language of their phone; no script, nothing from elsewhere."""

import hashlib
from base64 import b64encode
from html import escape
from typing import Literal

from starlette.requests import Request
from starlette.responses import HTMLResponse

Language = Literal["zh", "en"]
HTML_NAMES: dict[Language, str] = {"zh": "zh-CN", "en": "en"}
STYLE = (
    ":root{color-scheme:light dark}body{margin:0;min-height:100vh;display:grid;place-items:center;font:17px/1.6 system-ui,sans-serif}"
    "main{max-width:26rem;padding:2rem 1.5rem;text-align:center}h1{font-size:1.4rem;margin:0 0 .75rem}p{margin:0 0 1.25rem}"
    "button{font:inherit;font-weight:600;padding:.7rem 1.6rem;border:0;border-radius:.6rem;background:#0b63c5;color:#fff;cursor:pointer}"
    "button:focus-visible{outline:3px solid #7ab4ff;outline-offset:2px}section+section{margin-top:2rem}"
)
POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
FIELD, SAID = "leave", "yes"
TEXTS: dict[Language, dict[str, str]] = {
    "zh": {
        "leave.title": "不再接收这类消息？",
        "leave.lead": "点击按钮后，我们不再通过{channel}向您发送营销消息，立即生效。与订单、售后等服务有关的通知不受影响。",
        "leave.button": "确认退订",
        "left.title": "已退订",
        "left.lead": "我们不会再通过{channel}向您发送营销消息。正在发出的消息可能仍会到达。",
        "trial.title": "这是一条试发消息",
        "trial.lead": "链接有效，但没有退订任何人。会员收到的正式消息里，点击按钮会退订{channel}的营销消息。",
        "lost.title": "链接无效",
        "lost.lead": "这个链接不完整，或者已经失效。请从收到的消息中重新打开。",
        "wrong.title": "没有退订",
        "wrong.lead": "这次请求不完整，请返回上一页，再点一次按钮。",
        "many.title": "请稍后再试",
        "many.lead": "来自您网络的无效请求过多，请一分钟后再试。",
        "busy.title": "请稍后再试",
        "busy.lead": "系统暂时繁忙，这次请求可能没有生效，请稍后再打开一次。",
        "channel.sms": "短信",
        "channel.email": "邮件",
        "channel.wecom": "企业微信",
        "channel.official_account": "公众号",
        "channel.mini_program": "小程序",
        "channel.any": "此渠道",
    },
    "en": {
        "leave.title": "Stop these messages?",
        "leave.lead": "Press the button and we send you no more marketing by {channel}, from this moment on. Messages about your orders and service are not affected.",
        "leave.button": "Unsubscribe",
        "left.title": "You are unsubscribed",
        "left.lead": "We send you no more marketing by {channel}. A message that is on its way may still arrive.",
        "trial.title": "This was a trial message",
        "trial.lead": "The link works, but nobody was unsubscribed. In the messages that members get, the button stops marketing by {channel}.",
        "lost.title": "This link does not work",
        "lost.lead": "The link is incomplete or no longer valid. Please open it again from the message that you got.",
        "wrong.title": "Not unsubscribed",
        "wrong.lead": "The request was incomplete. Please go back and press the button once more.",
        "many.title": "Please try again later",
        "many.lead": "Too many invalid requests came from your network. Please try again in a minute.",
        "busy.title": "Please try again later",
        "busy.lead": "The system is busy and the request may not have been taken. Please open the link again in a moment.",
        "channel.sms": "text message",
        "channel.email": "e-mail",
        "channel.wecom": "WeCom",
        "channel.official_account": "official account",
        "channel.mini_program": "mini-program",
        "channel.any": "this channel",
    },
}


def language(request: Request) -> Language:
    """Of those that the browser names the first that there is; Chinese where it names none."""
    for one in request.headers.get("accept-language", "").split(","):
        named = one.partition(";")[0].strip().lower().partition("-")[0]
        if named in TEXTS:
            return "en" if named == "en" else "zh"
    return "zh"


def ask(request: Request, channel: str) -> HTMLResponse:
    """One button, and nothing happens before it is pressed."""
    spoken = language(request)
    button = escape(TEXTS[spoken]["leave.button"])
    form = f'<form method="post"><button name="{FIELD}" value="{SAID}">{button}</button></form>'
    return _page([(spoken, "leave", channel, form)], 200)


def said(request: Request, part: str, status: int, channel: str = "") -> HTMLResponse:
    return _page([(language(request), part, channel, "")], status)


def lost() -> HTMLResponse:
    """Whoever comes by a broken link may speak either language."""
    return _page([("zh", "lost", "", ""), ("en", "lost", "", "")], 404)


def _page(parts: list[tuple[Language, str, str, str]], status: int) -> HTMLResponse:
    first = parts[0]
    title = escape(TEXTS[first[0]][f"{first[1]}.title"])
    sections = "".join(_section(*one) for one in parts)
    return HTMLResponse(
        f'<!DOCTYPE html><html lang="{HTML_NAMES[first[0]]}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{title}</title><style>{STYLE}</style></head><body><main>{sections}</main></body></html>",
        status,
    )


def _section(spoken: Language, part: str, channel: str, form: str) -> str:
    texts = TEXTS[spoken]
    named = texts.get(f"channel.{channel}", texts["channel.any"])
    lead = escape(texts[f"{part}.lead"].format(channel=named))
    tag = f'<section lang="{HTML_NAMES[spoken]}">'
    return f"{tag}<h1>{escape(texts[f'{part}.title'])}</h1><p>{lead}</p>{form}</section>"
