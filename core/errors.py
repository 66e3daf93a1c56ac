"""Refusals. Each has a stable code that is also the key of its text in the reader's language."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches


class Refusal(Exception):
    """Something asked for cannot be done, and the asker can do something about it.

    ``code`` is stable (``funnel.invalid``); ``details`` are the named values its text needs. The message is one
    English sentence, printed by the command line; pages show ``t("error." + code, **details)`` instead.
    """

    code = "refused"

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.details: dict[str, object] = {"message": message, **details}


class Unknown(Refusal):
    """A name (metric, step, property, table, mapping …) that does not exist. Near names are suggested; one without end is cut."""

    code = "unknown"
    longest = 80

    def __init__(self, kind: str, name: str, known: Iterable[str] = ()) -> None:
        name = name if len(name) <= self.longest else f"{name[: self.longest - 1]}…"
        near = get_close_matches(name, list(known), n=3, cutoff=0.5)
        hint = f" Did you mean {', '.join(near)}?" if near else ""
        super().__init__(f"Unknown {kind} {name!r}.{hint}", kind=kind, name=name, near=", ".join(near))
        self.near = near


class Forbidden(Refusal):
    """The operator's role or unit scope does not allow this."""

    code = "forbidden"


class InvalidHome(Refusal):
    """The home lies where the lake's files cannot be named: ``letter`` is the sign in its path that must go."""

    code = "home.invalid"


class InvalidMail(Refusal):
    """A setting of how the house is told of things cannot be: ``reason`` is ``security``, ``port``, ``from`` or ``url``."""

    code = "mail.invalid"


class InvalidAddress(Refusal):
    """The app cannot listen there: ``port`` is taken, or is none that this process may have."""

    code = "start.address"


class Unreadable(Refusal):
    """A file cannot be read to its end. Nothing of it was imported."""

    code = "file.unreadable"


class InvalidMapping(Refusal):
    """A mapping names columns, formats or rules that do not fit the file or the contract."""

    code = "mapping.invalid"


class InvalidFunnel(Refusal):
    """A funnel definition breaks a limit (2-10 steps, window 1 minute to 366 days, known events)."""

    code = "funnel.invalid"


class HeldStep(InvalidFunnel):
    """A funnel names an event that is hidden until somebody approves it."""

    code = "funnel.held"


class InvalidSession(Refusal):
    """A pause between sessions is outside its limits (1 second to 366 days)."""

    code = "session.invalid"


class InvalidPath(Refusal):
    """A question for paths breaks a limit (1-20 steps, after or before, at least one node per column)."""

    code = "path.invalid"


class InvalidRetention(Refusal):
    """A question for retention breaks a rule: ``problem`` names the part (cohorts, brackets, unit, entry, counting)."""

    code = "retention.invalid"


class InvalidLifecycle(Refusal):
    """A question for the lifecycle breaks a rule: ``problem`` names the part (edges, lost_after, period, days)."""

    code = "lifecycle.invalid"


class InvalidRfm(Refusal):
    """Limits of classes or tiers break a rule: ``problem`` names it (method, limit, order)."""

    code = "rfm.invalid"


class InvalidSegment(Refusal):
    """A definition of a segment breaks the language: ``path`` says where (``where.all[1].values``), ``reason`` what is wrong."""

    code = "segment.invalid"


class UnfitForLtv(Refusal):
    """The data does not allow to predict lifetime value; ``reason`` says why, ``found`` and ``needed`` what it is about."""

    code = "ltv.unfit"


class NothingToTell(Refusal):
    """The world holds nothing that the question is about; the message says what it is that it lacks."""

    code = "nothing"


class InvalidPeriod(Refusal):
    """A period is empty, reversed or unreadable."""

    code = "period.invalid"


class InvalidFacts(Refusal):
    """Rows handed to the lake break its contract. A fault of the caller, not of the data's owner."""

    code = "facts.invalid"


class VersionGone(Refusal):
    """A past lake version whose files were removed, by an erasure or by age."""

    code = "version.gone"


class Cancelled(Refusal):
    """A person cancelled long work. Nothing of it was committed."""

    code = "cancelled"


class LakeBusy(Refusal):
    """Another process has been writing to the lake for longer than the writer was willing to wait."""

    code = "lake.busy"


class WrongCredentials(Refusal):
    """Name and password do not belong together, or the account is disabled. Never says which."""

    code = "login.wrong"


class TooManyAttempts(Refusal):
    """Too many failed log-ins in a row for this account or this address. ``seconds``: how long to wait."""

    code = "login.throttled"


class InvalidPassword(Refusal):
    """A new password breaks a rule: ``reason`` is ``short``, ``long``, ``common``, ``name`` or ``same``."""

    code = "password.invalid"


class InvalidAccount(Refusal):
    """An account cannot be made or changed like this: ``reason`` is ``name``, ``taken``, ``role``, ``language``, ``self`` or ``last_admin``."""

    code = "account.invalid"


class WrongKey(Refusal):
    """An encrypted value cannot be opened with the key of this home."""

    code = "key.wrong"


class IdentityCollision(Refusal):
    """Two different identities have the same pseudonym. ``identity_key``, ``identity_type`` and ``masked`` say which."""

    code = "identity.collision"


class InvalidDecision(Refusal):
    """An identity decision cannot be made.

    ``reason``: ``text`` (none was given), ``same``, ``blocked``, ``cut``, ``linked``, ``done``, ``undone`` or ``limit``.
    """

    code = "identity.decision"


class DemoPresent(Refusal):
    """The demo world already holds data. Remove it first."""

    code = "demo.present"


class InvalidDemoSize(Refusal):
    """The demo cannot be made with so few or so many events (``events``)."""

    code = "demo.size"


class InvalidBatch(Refusal):
    """A batch is not in the state that this needs: ``state`` says which it is in."""

    code = "batch.state"


class InvalidUpload(Refusal):
    """An uploaded file, or what is asked of its import, cannot be taken: ``reason`` is ``disk``, ``queued`` or ``text``."""

    code = "upload.invalid"


class InvalidClusters(Refusal):
    """Members cannot be put into so many clusters (``k`` from ``low`` to ``high``)."""

    code = "clusters.invalid"


class ClustersOfFew(InvalidClusters):
    """There are fewer members (``members``) than clusters can be told from (``fewest``)."""

    code = "clusters.few"


class ClustersOfSame(InvalidClusters):
    """Members differ in too little: ``distinct`` of them are not like another, and ``k`` clusters need as many."""

    code = "clusters.same"


class InvalidClusterName(Refusal):
    """A cluster cannot be called so: ``reason`` is ``long`` or ``taken``; ``most``: letters that a name may have."""

    code = "clusters.name"


class InvalidMembership(Refusal):
    """Terms of the membership contradict themselves: ``reason`` is ``by``, ``floors``, ``limit``, ``validity`` or ``value``."""

    code = "membership.invalid"


class InvalidForecast(Refusal):
    """A setting of a forecast (``field``) is outside its limits."""

    code = "forecast.invalid"


class InvalidCalendar(Refusal):
    """What somebody says of the calendar breaks a rule: ``reason`` names it (name, taken, event, occurrence, window, rule, dates, weekday,
    month_days, span)."""

    code = "calendar.invalid"


class CalendarChanged(Refusal):
    """Somebody else changed the entry since the asker read it. ``revision``: the one it is at now."""

    code = "calendar.changed"


class RuleChanged(Refusal):
    """Somebody else changed the rule since the asker read it. ``revision``: the one it is at now."""

    code = "risk.rule_changed"


class WarningChanged(Refusal):
    """Somebody else changed the warning since the asker read it. ``revision``: the one it is at now."""

    code = "risk.warning_changed"


class InvalidWarning(Refusal):
    """This cannot be done with a warning: ``reason`` is ``state``, ``merged``, ``self``, ``until``, ``text``, ``long`` or ``verdict``; ``most``: letters of a text,
    or days."""

    code = "risk.warning"


class TooShort(Refusal):
    """Fewer days (``days``) can be learnt than a forecast needs (``fewest``): of the whole ``history``, or of the training ``span`` (``reason``)."""

    code = "forecast.short"


class NothingVaries(Refusal):
    """A series is the same on every day that is known: there is nothing to forecast."""

    code = "forecast.constant"


class LabelsOpen(Refusal):
    """What came of a day (``on``) is not known before another one (``until``)."""

    code = "score.labels_open"


class UnfitForScores(Refusal):
    """The data does not allow to score members; ``reason`` is ``short``, ``few_rows``, ``few_of_one``, ``no_orders`` or ``nobody``; ``found`` and ``needed``
    say what it is about."""

    code = "scores.unfit"


class InvalidScoreModel(Refusal):
    """A model of scores cannot take this step: ``reason`` is ``state``, ``worse``, ``note``, ``long``, ``features``, ``none_before`` or ``ended``."""

    code = "scores.model"


class NotLearnt(Refusal):
    """What the process that trained a model refused, with the code of that; or that it ended without a word (``scores.ended``)."""

    def __init__(self, code: str, message: str, details: Mapping[str, object]) -> None:
        super().__init__(message, **{name: value for name, value in details.items() if name != "message"})
        self.code = code


class InvalidPlaybook(Refusal):
    """Steps against a cause of churn cannot be taken so: ``reason`` is ``none``, ``many``, ``empty``, ``long``, ``who``, ``by`` or ``days``."""

    code = "playbook.invalid"
