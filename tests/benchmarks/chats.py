"""A brand of many group chats for benchmarks, made once and kept below ``.make/``: groups, who is in them, and what is written."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import ibis
import numpy as np
import pyarrow as pa

from core import schema
from core.app import House
from core.settings import PROJECT, Settings
from core.work.demo import columns
from core.work.home import Home
from core.work.ingest import derived

GROUPS, MESSAGES = 5_000, 10_000_000
MEMBERS, STAYS = 400_000, 1_200_000
UNITS, OWNERS, DAYS, SEED = 200, 1_000, 400, 11
END = date(2026, 10, 31)
TALK = [
    "今天泡了老茶，满屋子香", "这个可以", "同感", "学到了", "请问现在有货吗？", "能开发票吗", "一次放几克合适？", "收到", "谢谢", "好的谢谢", "👍", "求链接 https://example.com/a",
    "周末去店里坐坐", "大家早", "下雨天喝茶最舒服了", "我家孩子也爱喝这个", "办公室同事都被我种草了", "昨晚喝多了睡不着", "最近在减糖，就靠茶撑着了", "刚下班，泡一杯",
    "这个颜色真好看", "等双11再囤", "上次活动没赶上", "新人报到，请多关照", "送客户很有面子", "冷泡一晚，第二天好喝到哭", "写了一篇小笔记，发给大家参考", "OK", "辛苦了",
    "我住得近，可以自提吗", "回购第三次了，真的稳", "快递一般几天到杭州？",
]  # fmt: skip
CONTENTS = [f"C{n:03d}" for n in range(200)]
SENDERS = ["member", "staff", "bot"]
SENDER_SHARES = [0.76, 0.2, 0.04]
A_PART = 2_000_000


def folder(messages: int) -> Path:
    return PROJECT / ".make" / f"chats-{messages}"


def home(groups: int = GROUPS, messages: int = MESSAGES) -> Home:
    """The world, filled at first use."""
    found = House(Settings(home=folder(messages))).live
    if not found.lake.manifests.latest().tables:
        _fill(found, np.random.default_rng(SEED), groups, messages)
    return found


def _fill(world: Home, rng: np.random.Generator, groups: int, messages: int) -> None:
    share = messages / MESSAGES
    members, stays = round(MEMBERS * share), round(STAYS * share)
    end_s = int(datetime(END.year, END.month, END.day, 16, tzinfo=UTC).timestamp())
    who, group = rng.integers(0, members, stays), rng.integers(0, groups, stays)
    who, group = np.divmod(np.unique(who * groups + group), groups)
    join = end_s - rng.integers(1, DAYS * 86_400, len(who))
    leave = join + (rng.exponential(900, len(who)) * 86_400).astype(np.int64)
    left = np.flatnonzero(leave < end_s)
    ids = [f"G{n:04d}" for n in range(groups)]
    with world.writer.change("import", 1) as change:
        _dimensions(change, ids, rng)
        change.merge("group_membership", _moves(ids, who, group, join, leave, left))
        rate = np.where(rng.random(len(who)) < 0.45, 0.0, rng.gamma(0.6, 1.0, len(who)))
        cumulated = np.cumsum(rate * (np.minimum(leave, end_s) - join))
        for start in range(0, messages, A_PART):
            size = min(A_PART, messages - start)
            stay = np.searchsorted(cumulated, rng.random(size) * cumulated[-1])
            change.merge("group_messages", _messages(ids, rng, who, group, join, np.minimum(leave, end_s), stay, start))
    known = {"identity_key": np.arange(members), "member_id": np.arange(members), "is_known": np.full(members, True)}
    with world.writer.change("identity") as change:
        change.replace("identity_map", pa.table(known, schema.IDENTITY_MAP))


def _dimensions(change, ids: list[str], rng: np.random.Generator) -> None:  # type: ignore[no-untyped-def]
    units, owners = [f"S{n:03d}" for n in range(UNITS)], [f"E{n:04d}" for n in range(OWNERS)]
    owner = rng.integers(0, OWNERS, len(ids))
    tables = {
        "units": {"unit_id": pa.array(units), "name": pa.array([f"门店 {n}" for n in units])},
        "staff": {"staff_id": pa.array(owners), "name": pa.array([f"导购 {n}" for n in owners])},
        "groups": {"group_id": pa.array(ids), "name": pa.array([f"茶友群 {n}" for n in ids]),
                   "unit_id": columns.codes(units, owner % UNITS), "staff_id": columns.codes(owners, owner)},
    }  # fmt: skip
    for name, values in tables.items():
        change.merge(name, ibis.memtable(columns.with_numbers(columns.rows(name, values, "crm"))))


def _moves(ids: list[str], who, group, join, leave, left) -> ibis.Table:  # type: ignore[no-untyped-def]
    stay = np.concatenate([np.arange(len(who)), left])
    is_leave = np.arange(len(stay)) >= len(who)
    rows = columns.rows(
        "group_membership",
        {
            "occurred_at": columns.times(np.where(is_leave, leave[stay], join[stay])),
            "identity_key": columns.keys(who[stay]),
            "group_id": columns.codes(ids, group[stay]),
            "change": columns.codes(["join", "leave"], is_leave.astype(np.int64)),
        },
        "wecom",
    )
    return ibis.memtable(columns.with_numbers(columns.ordered(rows)))


def _messages(ids: list[str], rng: np.random.Generator, who, group, join, end, stay, start: int) -> ibis.Table:  # type: ignore[no-untyped-def]
    size = len(stay)
    sender = rng.choice(3, size, p=SENDER_SHARES)
    at = join[stay] + ((end - join)[stay] * rng.random(size)).astype(np.int64)
    at += (rng.integers(9, 22, size) - 8) * 3600 - at % 86_400 + rng.integers(0, 3600, size)
    at = np.minimum(np.maximum(at, join[stay]), end[stay])
    is_answer = (sender == 1) & (rng.random(size) < 0.3)
    numbers = np.arange(start + 1, start + size + 1)
    rows = columns.rows(
        "group_messages",
        {
            "occurred_at": columns.times(at),
            "identity_key": columns.keys(np.where(sender == 0, who[stay], -1)),
            "group_id": columns.codes(ids, group[stay]),
            "message_id": columns.numbered("m", numbers),
            "sender_kind": columns.codes(SENDERS, sender),
            "message_kind": columns.codes(["text", "image", "link"], rng.choice(3, size, p=[0.85, 0.1, 0.05])),
            "text": columns.codes(TALK, rng.integers(0, len(TALK), size)),
            "content_id": columns.codes(
                CONTENTS,
                np.where(
                    (sender == 1) & ~is_answer & (rng.random(size) < 0.6), rng.integers(0, len(CONTENTS), size), -1
                ),
            ),
            "reply_to": columns.numbered("m", np.where(is_answer, numbers - rng.integers(1, 400, size), -1)),
        },
        "wecom",
    )
    return derived.marked("group_messages", ibis.memtable(columns.with_numbers(columns.ordered(rows), start + 1)))


def last_days(days: int) -> tuple[date, date]:
    return END - timedelta(days=days - 1), END + timedelta(days=1)
