"""What customers' phones ask: where a short link leads, and how to get no more messages."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from urllib.parse import parse_qs

from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from core.campaigns import links
from core.campaigns.links import Link
from core.receiver import guarding, pages
from core.receiver.desk import Desk, Desks
from core.receiver.guarding import Strangers, TooLarge
from core.senders import leaving
from core.senders.leaving import MOST_BODY, Leaving
from core.work.campaigns.hearing import clicks, unsubscribing
from core.work.campaigns.hearing.clicks import Followed

_LOG = logging.getLogger(__name__)
READ_S, COUNT_S, LEAVE_S = 10.0, 1.0, 25.0
"""How long a person waits: for a link to be found, then for the click to be counted (it is counted anyway), and for the word that they are unsubscribed."""
FORM = "application/x-www-form-urlencoded"
Clock = Callable[[], datetime]


class Answering:
    def __init__(self, desks: Desks, strangers: Strangers, clock: Clock = lambda: datetime.now(UTC)) -> None:
        self._desks = desks
        self._strangers = strangers
        self._clock = clock

    async def follow(self, request: Request) -> Response:
        """``GET /c/{token}``: on to where the link leads."""
        try:
            found = await guarding.within(READ_S, partial(self._target, request.path_params["token"]))
        except TimeoutError:
            return pages.said(request, "busy", 503)
        if found is None:
            return self._unknown(request)
        desk, link, followed = found
        try:
            await guarding.within(COUNT_S, partial(self._count, request, desk, link, followed))
        except (TimeoutError, DBAPIError) as error:  # the person is led on, whatever becomes of the count
            _LOG.warning("A click was counted late or not at all: %s", type(error).__name__)
        return RedirectResponse(followed.url, 302)

    async def ask(self, request: Request) -> Response:
        """``GET /u/{token}``: a page with a button. It changes nothing, for programs open every link there is."""
        known = self._leaving(request)
        return known if isinstance(known, Response) else pages.ask(request, known[1].channel)

    async def leave(self, request: Request) -> Response:
        """``POST /u/{token}``: by the button, or by one click in a mail program. The same again changes nothing, and so does a trial's, which is nobody's."""
        known = self._leaving(request)
        if isinstance(known, Response):
            return known
        try:
            body = await guarding.body(request, MOST_BODY)
        except (TooLarge, TimeoutError):
            return pages.said(request, "wrong", 400)
        kind = request.headers.get("content-type", "")
        if not (leaving.is_one_click(kind, body) or _is_button(kind, body)):
            return pages.said(request, "wrong", 400)
        desk, said = known
        if said.customer == links.TRIAL:
            return pages.said(request, "trial", 200, said.channel)
        try:
            done = await guarding.within(LEAVE_S, partial(self._leave, desk, said))
        except (TimeoutError, DBAPIError) as error:
            _LOG.warning("An unsubscription was not taken: %s", type(error).__name__)
            return pages.said(request, "busy", 503)
        return pages.lost() if done is None else pages.said(request, "left", 200, said.channel)

    def _target(self, token: str) -> tuple[Desk, Link, Followed] | None:
        for desk in self._desks():
            link = links.read(desk.link_keys, token)
            if link is not None:
                with desk.store.reading() as session:
                    found = clicks.target(session, link)
                return None if found is None else (desk, link, found)
        return None

    def _count(self, request: Request, desk: Desk, link: Link, followed: Followed) -> None:
        now, headers = self._clock(), request.headers
        ahead = headers.get("sec-purpose") or headers.get("purpose") or headers.get("x-moz") or ""
        is_machine = clicks.is_program(request.method, headers.get("user-agent", ""), ahead, followed.sent_at, now)
        with desk.store.transaction() as session:
            clicks.count(session, link, followed.campaign_id, is_machine=is_machine, now=now)

    def _leaving(self, request: Request) -> tuple[Desk, Leaving] | Response:
        """Who wants no more of what, or the answer to a token that is none."""
        token = request.path_params["token"]
        for desk in self._desks():
            said = leaving.read(desk.leaving_keys, token)
            if said is not None and (said.customer == links.TRIAL or links.read_who(said.customer) is not None):
                return desk, said
        return self._unknown(request)

    def _unknown(self, request: Request) -> Response:
        """To a token that is none of ours. Good ones are answered wherever they come from: behind one address there may be a whole network, and nobody guesses 64 bits."""
        caller = guarding.caller(request)
        if self._strangers.is_refused(caller):
            return pages.said(request, "many", 429)
        self._strangers.note(caller)
        return pages.lost()

    def _leave(self, desk: Desk, said: Leaving) -> bool | None:
        with desk.store.transaction() as session:
            return unsubscribing.leave(session, said, self._clock())


def _is_button(content_type: str, body: bytes) -> bool:
    is_form = content_type.partition(";")[0].strip().lower() == FORM
    return is_form and parse_qs(body.decode("ascii", "replace")).get(pages.FIELD) == [pages.SAID]
