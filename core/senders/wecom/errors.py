"""What WeCom's error numbers mean, as data, and what becomes of a message for each: one of the classes of
``core.senders.sender`` and ``core.senders.outcomes``, or one of those below, which are kinds of them.

The words beside a number hold addresses of machines and hints, so they are never read. A number that is not in the table is a
fault of the one request: it will not be taken, and nobody else suffers for it.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from core.senders.outcomes import Divisible, Halted, Unfit
from core.senders.sender import Gone, NotSent, Permanent, Temporary


class Kind(StrEnum):
    """``TOKEN``: the access token is over. ``SECRET``: a credential that is wrong until somebody changes it. ``ACCESS``: the app may not do this until
    somebody lets it. ``CUSTOMER``, ``EMPLOYEE``: one of those named. ``EMPLOYEES``: all employees that an app writes to. ``NOBODY``: no customer can be
    written to just now. ``REQUEST``: this one request, for whatever reason."""

    TOKEN = "token"
    TRANSIENT = "transient"
    RATE = "rate"
    SECRET = "secret"
    ACCESS = "access"
    CUSTOMER = "customer"
    EMPLOYEE = "employee"
    EMPLOYEES = "employees"
    CONTENT = "content"
    NOBODY = "nobody"
    CANCELLED = "cancelled"
    REMINDED = "reminded"
    ROBOT = "robot"
    REQUEST = "request"


KINDS: Mapping[int, Kind] = MappingProxyType(
    dict.fromkeys((40014, 42001), Kind.TOKEN)
    | dict.fromkeys((-1, 41063, 45033), Kind.TRANSIENT)
    | {45009: Kind.RATE}
    | dict.fromkeys((40001, 40013, 40091), Kind.SECRET)
    | dict.fromkeys((50003, 60020, 48002, 301002), Kind.ACCESS)
    | dict.fromkeys((40096, 84061, 84084), Kind.CUSTOMER)
    | dict.fromkeys((60111, 60011, 40003, 46004, 701008), Kind.EMPLOYEE)
    | {81013: Kind.EMPLOYEES}
    | dict.fromkeys((40007, 40058, 44004, 45002, 41064, 41065, 40008), Kind.CONTENT)
    | dict.fromkeys((41001, 41046, 41047), Kind.REQUEST)
    | {41048: Kind.NOBODY, 41093: Kind.CANCELLED, 41094: Kind.REMINDED}
    | dict.fromkeys((93000, 93004, 93008), Kind.ROBOT)
)
MOST_RETRIES: Mapping[int, int] = MappingProxyType({-1: 3})
"""How often a transient number may be answered by another try, where WeCom sets a limit."""
REMINDER_S = 24 * 3600.0


class Blocked(Temporary):
    """This API takes no calls for ``after_s`` seconds; ``window`` is the one that is taken to be used up. Other APIs go on."""

    def __init__(self, code: str, after_s: float, window: str) -> None:
        super().__init__(code, after_s)
        self.window = window


class Busy(Temporary):
    """Worth another try after a growing pause, at most ``most_retries`` times where that is not None."""

    def __init__(self, code: str, most_retries: int | None = None) -> None:
        super().__init__(code)
        self.most_retries = most_retries


class EmployeeRefused(Permanent):
    """The employee in whose name customers were to be written to does not exist, or is out of the app's sight. The customers are not to blame."""


class Nobody(Permanent):
    """None of those asked for can be written to by this message. Says nothing about later messages to them."""


class AlreadyCancelled(Permanent):
    """The mass message had been cancelled before."""


def code(errcode: int) -> str:
    return f"wecom.{errcode}"


def kind(errcode: int) -> Kind:
    return KINDS.get(errcode, Kind.REQUEST)


def refusal(errcode: int, recipients: int = 0, to: Kind = Kind.CUSTOMER) -> NotSent:
    """What a number other than 0 means for a message to so many customers or employees (``to``); for a call that writes to nobody ``recipients`` is 0. ``Gone`` is
    for the recipients: they are to be written to no more. Rates are the business of ``core.senders.wecom.windows``, which knows what was asked before;
    here they count as busy."""
    told = code(errcode)
    match kind(errcode):
        case Kind.TOKEN:
            return Temporary(told)
        case Kind.TRANSIENT | Kind.RATE:
            return Busy(told, MOST_RETRIES.get(errcode))
        case Kind.SECRET | Kind.ACCESS:
            return Halted(told)
        case (Kind.CUSTOMER | Kind.EMPLOYEE) as which if which is to and recipients:
            return Gone(told) if recipients == 1 else Divisible(told)
        case Kind.EMPLOYEE if recipients:
            return EmployeeRefused(told)
        case Kind.EMPLOYEES if to is Kind.EMPLOYEE and recipients:
            return Gone(told)
        case Kind.ROBOT:
            return Gone(told)
        case Kind.CONTENT if recipients:
            return Unfit(told)
        case Kind.NOBODY:
            return Nobody(told)
        case Kind.CANCELLED:
            return AlreadyCancelled(told)
        case Kind.REMINDED:
            return Temporary(told, REMINDER_S)
        case _:
            return Permanent(told)
