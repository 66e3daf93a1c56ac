"""The command line: JSON on standard output, progress and messages on standard error; a refusal is one line and exit code 2."""

import argparse
import csv
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from core.errors import InvalidPeriod, Refusal, Unknown
from core.periods import EARLIEST, LATEST, Period, business_date, parse_day
from core.scope import ROLES, SYSTEM
from core.settings import PROJECT, Settings

if TYPE_CHECKING:  # what a command needs is imported by it: `start` should not wait for engines
    from core.app import House
    from core.work.home import Home
    from core.work.ingest.mapping import Mapping

Row = dict[str, Any]
REFUSED = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code."""
    given = _parser().parse_args(arguments)
    try:
        return int(given.do(given, Settings.from_environment()) or 0)
    except Refusal as refusal:
        say(f"error: {refusal} [{refusal.code}]")
        return REFUSED
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def now() -> datetime:
    return datetime.now(UTC)


# ---- facts in ----


def ingest(given: argparse.Namespace, settings: Settings) -> None:
    """Import one file."""
    from core.work import event_names
    from core.work.ingest import importing, library

    home, file = _world(given, settings), Path(given.file)
    named = library.find(home, given.mapping) if given.mapping else None
    mapping = named.mapping if named else _guessed(home, file, given.table, given.source)
    done = importing.import_file(
        home, file, given.table, mapping, operator=SYSTEM, now=now(), is_named=named is not None,
        mapping_name=named.name if named else None, progress=_progress,
    )  # fmt: skip
    waiting = [one.name for one in event_names.held(home)]
    if waiting:
        say(f"Hidden until approved: {', '.join(waiting)}. Approve with: python -m core approve NAME …")
    answer = {
        "batch": done.batch, "read": done.read, "accepted": done.accepted, "duplicate": done.duplicate,
        "rejected": done.rejected, "rejects_file": str(done.rejects_file) if done.rejects_file else None,
    }  # fmt: skip
    print(json.dumps(answer, ensure_ascii=False))


def approve(given: argparse.Namespace, settings: Settings) -> None:
    """Let held event names count from now on."""
    from core.work import event_names

    home = _world(given, settings)
    waiting = [one.name for one in event_names.held(home)]
    for name in given.names:
        if name not in waiting:
            raise Unknown("held event name", name, waiting)
    print(json.dumps({"batch": event_names.approve(home, SYSTEM, given.names, now=now()), "approved": given.names}))


def rollback(given: argparse.Namespace, settings: Settings) -> None:
    """Take one batch back."""
    from core.work.ingest import importing

    home = _world(given, settings)
    removed = importing.rollback(home, given.batch, SYSTEM, now=now())
    print(json.dumps({"batch": given.batch, "removed": removed, "lake_version": home.lake.manifests.latest().version}))


def demo(given: argparse.Namespace, settings: Settings) -> None:
    """Fill the demo brand, or remove it."""
    from core.work.demo import filling

    house = _house(settings)
    end_on = parse_day(given.until) if given.until else business_date(now(), settings.zone) - timedelta(days=1)
    filling.refuse_size(given.events)
    if given.remove or given.anew:
        filling.remove(house.demo)
        house.forget("demo")
        if given.remove:
            print(json.dumps({"removed": True}))
            return
    filling.plant_key(settings, given.seed)
    done = filling.fill(house.demo, events=given.events, seed=given.seed, end_on=end_on, now=now(), progress=_progress)
    print(json.dumps({"lake_version": done.lake_version, "rows": done.counts}, ensure_ascii=False))


# ---- questions ----


def ask(given: argparse.Namespace, settings: Settings) -> None:
    """Answer one question over the whole lake, or a period of it."""
    from core.scope import Filters
    from core.work.questions import answers
    from core.work.questions.reading import reading

    home = _world(given, settings)
    period = None
    if given.since or given.until:
        with reading(home) as whole:
            known = whole.whole
        start = parse_day(given.since) if given.since else (known.start_on if known else EARLIEST)
        end = parse_day(given.until) + timedelta(days=1) if given.until else (known.end_on if known else LATEST)
        if end <= start:
            raise InvalidPeriod(
                f"--to {given.until or end} lies before --from {given.since or start}.", start=start, end=end
            )
        period = Period(start, end)
    filters = Filters(period, tuple(given.channel or ()), tuple(given.unit or ()), given.segment)
    options = {name: getattr(given, name) for name in OPTIONS}
    if not home.lake.manifests.latest().tables:
        say(f"The {home.world} world is empty{'' if given.demo else '; --demo asks the demo brand'}.")
    _write(answers.ask(home, given.metric, filters, options), given.format)


def catalog(given: argparse.Namespace, _settings: Settings) -> int:
    """Print the metric catalogue, or write or check the page made from it."""
    from core.work.questions import answers, catalogue

    if not (given.write or given.check):
        _write(answers.catalogue(), given.format)
        return 0
    page, path = catalogue.page(), Path(given.write or given.check)
    if given.write:
        path.write_text(page, encoding="utf-8")
        return 0
    if path.exists() and path.read_text(encoding="utf-8") == page:
        return 0
    say(f"error: {path} is stale; run: python -m core catalog --write {path} [catalog.stale]")
    return REFUSED


# ---- running ----


def worker(_given: argparse.Namespace, settings: Settings) -> None:
    """Do queued work until stopped."""
    from core.privacy import one_id
    from core.work import duties

    stop = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    one_id.warm()
    duties.worker(_house(settings), now, say).run(stop)


def receiver(given: argparse.Namespace, settings: Settings) -> None:
    """Answer short links, ways out and what platforms tell, until stopped."""
    from core import app
    from core.receiver import web
    from core.work import starting

    port = starting.receiver_port(given.address, given.port)
    desks = app.Desks(settings)
    desks()
    is_https = (settings.links_url or "").startswith("https://")
    web.server(web.app(desks, now, is_https=is_https), given.address, port).run()


def train(given: argparse.Namespace, settings: Settings) -> int:
    """Train a model of scores now: progress and the number of the model as lines of JSON."""
    from core.work import scores

    os.nice(5)

    def tell(**line: object) -> None:
        print(json.dumps(line, ensure_ascii=False, default=str), flush=True)

    try:
        model = scores.train(
            _world(given, settings), given.by, given.target, given.days, now(),
            lambda stage, done, of: tell(stage=stage, done=done, of=of), lambda: False,
        )  # fmt: skip
    except Refusal as refusal:
        tell(refused=refusal.code, message=str(refusal), details=refusal.details)
        raise
    tell(model=model)
    return 0


def start(given: argparse.Namespace, settings: Settings) -> int:
    """Start worker and app, after filling the demo brand where live is empty and it was never removed."""
    from core import app
    from core.work import accounts, starting

    created = accounts.first_account(app.store(settings, "live"), now=now())
    if created:
        say(
            f"\n  First log-in   name: {created.name}   password: {created.password}\n  It must be changed at the first log-in.\n"
        )
    if _wants_demo(settings):
        say("Filling the demo brand …")
        _fill_apart(given.events)
    port = starting.free_port(given.address, given.port)
    receiving = starting.receiver_port(given.address, given.receiver_port)
    return starting.serve(settings, port, given.address, say, receiving)


def _wants_demo(settings: Settings) -> bool:
    if (settings.home / "demo.removed").exists():
        return False
    worlds = (settings.lake("live"), settings.lake("demo"))
    return not any(list((lake / "_manifest").glob("[0-9]*.json")) for lake in worlds)


def _fill_apart(events: int) -> None:
    """In a process of its own, so that its memory is given back."""
    import subprocess

    subprocess.run(
        [sys.executable, "-m", "core", "demo", "--events", str(events)],
        check=True,
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
    )


def refresh(given: argparse.Namespace, settings: Settings) -> None:
    """Settle batches, join small files, sweep leftovers, bring up derived data now instead of when the worker is due."""
    from core.work import tending
    from core.work.ingest import batches

    home = _world(given, settings)
    settled = len(batches.reconcile(home, now=now()))
    joined, swept = tending.compact(home, least=1), tending.sweep(home)
    made = tending.derive(home)
    print(json.dumps({"settled": settled, "files_joined": joined, "files_swept": swept, "runs_made": made}))


def check(given: argparse.Namespace, settings: Settings) -> int:
    """Verify a home: every file of the visible version is there, batches add up, the audit chain is whole."""
    from core.work import checking

    faults = checking.faults(_world(given, settings)) + checking.audit_faults(_house(settings).live)
    _write([{"check": f.check, "object": f.object, "fault": f.fault} for f in faults], "json")
    return 1 if faults else 0


def user(given: argparse.Namespace, settings: Settings) -> None:
    """Accounts."""
    from core import app
    from core.work import accounts

    if given.demo and given.action != "units":
        raise Refusal("Accounts serve both worlds; only `user units` takes --demo.", option="demo")
    if given.action == "units":
        named = _units(settings, demo=given.demo) or {}
        _write([{"unit": unit, "name": name} for unit, name in named.items()], "json")
        return
    store = app.store(settings, "live")
    known = {account.name: account.id for account in accounts.listed(store, SYSTEM)}
    if given.action == "list":
        rows = accounts.listed(store, SYSTEM)
        _write([{"name": a.name, "role": a.role, "units": a.units, "is_active": a.is_active} for a in rows], "json")
        return
    if not given.name:
        raise Refusal("Name the account.", option="name")
    if given.action == "add":
        units = _units(settings) if given.unit else None
        if given.unit and units is None:
            say("No data names a unit yet, so nobody can say whether these exist.")
        made = accounts.create(
            store, SYSTEM, name=given.name, display_name=given.display_name or given.name, role=given.role,
            units=given.unit or None, now=now(), known_units=units,
        )  # fmt: skip
        print(json.dumps({"name": made.name, "password": made.password}))
        return
    if given.name not in known:
        raise Unknown("account", given.name, known)
    if given.action == "reset":
        print(
            json.dumps(
                {"name": given.name, "password": accounts.reset_password(store, SYSTEM, known[given.name], now=now())}
            )
        )
    else:
        act = accounts.disable if given.action == "disable" else accounts.enable
        act(store, SYSTEM, known[given.name], now=now())
        print(json.dumps({"name": given.name, "is_active": given.action == "enable"}))


# ---- how it reads and writes ----


@cache
def _house(settings: Settings) -> "House":
    from core.app import House

    return House(settings)


def _world(given: argparse.Namespace, settings: Settings) -> "Home":
    return _house(settings).demo if given.demo else _house(settings).live


def _units(settings: Settings, *, demo: bool = False) -> dict[str, str] | None:
    """Those that an account can be given, of both worlds; with ``demo`` only those of the demo brand."""
    from core.work.questions import units

    house = _house(settings)
    return units.anywhere((house.demo,) if demo else (house.live, house.demo))


def _guessed(home: "Home", file: Path, table: str | None, source: str | None) -> "Mapping":
    """A mapping for a file nobody has described, said in full. ``source``: its source, where somebody said so."""
    from core.work.ingest import preview
    from core.work.ingest.mapping import to_toml

    guess = preview.guessed(home, file, table)
    mapping = replace(guess.mapping, source=source or guess.mapping.source)
    if not mapping.identities and mapping.target.has("identity_key"):
        say("No column was found that names a person: these rows will count for no member.")
    if any(note.code == "no_group" for note in guess.notes):
        say("No column was found that names a group: these messages will count for no group.")
    for note in guess.notes if source is None else ():
        if note.code in ("source_known", "source_perhaps"):
            say("{known} of {count} ids are known from the source {source}.".format(**note.details))
        if note.code == "source_known":
            say(
                "They seem to be of the same system, so the source is named the same. To keep them apart, add: --source NAME"
            )
        if note.code == "source_perhaps":
            say(
                "Short numbers, so perhaps by chance. If they are of the same system, add: --source "
                + note.details["source"]
            )
    say("No --mapping, so this one was guessed. Save it as a file, correct it, and name it:\n" + to_toml(mapping))
    return mapping


def _progress(stage: str, **counts: int) -> None:
    say(f"  {stage}" + "".join(f"  {name} {count:,}" for name, count in counts.items()))


def _write(rows: list[Row], form: str) -> None:
    if form == "json":
        print(json.dumps(rows, ensure_ascii=False, default=str))
    elif form == "csv":
        writer = csv.DictWriter(sys.stdout, list(rows[0]) if rows else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        names = list(rows[0]) if rows else []
        cells = [names, *[["—" if row[n] is None else str(row[n]) for n in names] for row in rows]]
        widths = [max(len(line[i]) for line in cells) for i in range(len(names))]
        for line in cells:
            print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, like every refusal."""

    def error(self, message: str) -> NoReturn:
        say(f"error: {message} [usage]; see {self.prog} --help")
        raise SystemExit(REFUSED)


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m core", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(do: Callable[..., Any], *, world: bool = True) -> argparse.ArgumentParser:
        added = commands.add_parser(do.__name__, help=(do.__doc__ or "").strip(), description=do.__doc__)
        added.set_defaults(do=do, demo=False)
        if world:
            added.add_argument("--demo", action="store_true", help="the demo world instead of live")
        return added

    one = command(ingest)
    one.add_argument("table", metavar="TABLE", help="grain of the file: order_lines, events, orders, members …")
    one.add_argument("file", metavar="FILE", help="CSV (.gz, .zip), Excel, Parquet or JSON lines")
    one.add_argument("--mapping", metavar="NAME_OR_FILE", help="a saved mapping or a TOML file; guessed when absent")
    one.add_argument("--source", help="name of the source of a guessed mapping (default: the file's name)")
    command(approve).add_argument("names", nargs="+", metavar="NAME")
    one = command(rollback)
    one.add_argument("batch", type=int)
    one = command(demo, world=False)
    one.add_argument("--events", type=int, default=DEMO_EVENTS)
    one.add_argument("--seed", type=_seed, default=DEMO_SEED)
    one.add_argument("--until", metavar="DAY", help="last day with data (default: yesterday)")
    one.add_argument("--anew", action="store_true", help="remove what is there first")
    one.add_argument("--remove", action="store_true", help="remove the demo world")
    one = command(ask)
    one.add_argument(
        "metric",
        metavar="METRIC",
        help="overview, funnel, retention, lifecycle, paths, sessions, community, people, or a metric of the catalogue",
    )
    one.add_argument("--from", dest="since", metavar="DAY", help="first day")
    one.add_argument("--to", dest="until", metavar="DAY", help="last day, included")
    one.add_argument("--channel", action="append")
    one.add_argument("--unit", action="append")
    one.add_argument("--segment", type=int)
    for name, more in OPTIONS.items():
        one.add_argument(f"--{name.replace('_', '-')}", **more)
    one.add_argument("--format", choices=["json", "csv", "table"], default="json")
    one = command(catalog, world=False)
    one.add_argument("--format", choices=["json", "csv", "table"], default="json")
    one.add_argument("--write", metavar="FILE")
    one.add_argument("--check", metavar="FILE")
    command(worker, world=False)
    one = command(start, world=False)
    one.add_argument("--port", type=int)
    one.add_argument("--receiver-port", type=int)
    one.add_argument("--address", default="127.0.0.1")
    one.add_argument("--events", type=int, default=DEMO_EVENTS, help="size of the demo brand")
    one = command(receiver, world=False)
    one.add_argument("--port", type=int)
    one.add_argument("--address", default="127.0.0.1")
    command(refresh)
    command(check)
    one = command(train)
    one.add_argument("target", help="churn_activity, churn_order or conversion")
    one.add_argument("days", type=int, help="30, 60 or 90")
    one.add_argument("--by", default=SYSTEM.name, help="in whose name")
    one = command(user)
    one.add_argument("action", choices=["list", "units", "add", "disable", "enable", "reset"])
    one.add_argument("name", nargs="?")
    one.add_argument("--role", choices=ROLES, default="manager")
    one.add_argument("--display-name")
    one.add_argument(
        "--unit", action="append", help="a unit to see, as `user units` lists them (repeat); none: all units"
    )
    return parser


OPTIONS: dict[str, dict[str, Any]] = {
    "of": {
        "metavar": "METRIC",
        "help": "people: whose; indicator, moved: which indicator; warnings: open, closed, merged or all; rhythm, mix, slots: the one group, owner or unit",
    },
    "campaign": {
        "metavar": "CODE",
        "help": "campaign: which; with --by result, progress, waiting, funnel, timing, variants, pairs, groups, harm, returned, satisfied, employees, tasks, reasons, or people --of treated/converted",
    },
    "target": {"help": "scores: churn_order (default), churn_activity or conversion"},
    "days": {"help": "scores: 30, 60 or 90 (default); forecast: 7 to 90 days ahead (default 30)"},
    "tree": {"metavar": "FILE_OR_JSON", "help": "segment, reach: a definition, or a file that holds one"},
    "measure": {
        "help": "series, forecast: traffic, new_members, active_members, messages, orders, gmv; with --by channel, unit or hour (series)"
    },
    "steps": {"help": "funnel: a,b,c; a|b for either"},
    "within": {"help": "funnel: 30m, 12h, 7d or none (default 7d)"},
    "step_within": {"help": "funnel: the same between two neighbouring steps (default none)"},
    "order": {"choices": ["sequential", "strict", "any"], "help": "funnel"},
    "count": {"choices": ["members", "attempts", "sessions"], "help": "funnel"},
    "entries": {"choices": ["every", "first"], "help": "funnel: which entries start an attempt"},
    "exclude": {
        "action": "append",
        "metavar": "NAME:1-2",
        "help": "funnel: not after step 1 and before step 2 (repeat)",
    },
    "where": {
        "action": "append",
        "metavar": "N:TEST",
        "help": "step N must meet 1:channel=app, 2:amount>20 … (repeat)",
    },
    "by": {
        "help": "funnel, retention: break down by a column or property at entry; community: group, owner, unit, total"
    },
    "top": {
        "metavar": "N",
        "help": "retention: values of --by that stand on their own; paths: nodes per column (both 8)",
    },
    "start": {"help": "retention, paths: a|b"},
    "back": {"help": "retention: what counts as coming back"},
    "every": {"choices": ["day", "week", "month"], "help": "retention, lifecycle: periods (default week)"},
    "age": {"choices": ["calendar", "rolling"], "help": "retention"},
    "intervals": {"help": "retention: 12, or the ages that bound them: 0,1,3,7"},
    "entry": {"choices": ["first_ever", "first_in_period", "recurring"], "help": "retention"},
    "counting": {"choices": ["on", "on_or_after"], "help": "retention"},
    "lost_after": {"metavar": "PERIODS", "help": "lifecycle"},
    "base": {"choices": ["active", "kept"], "help": "lifecycle: what opening and closing count"},
    "direction": {"choices": ["after", "before"], "help": "paths"},
    "depth": {"help": "paths: steps (default 5)"},
    "end": {"help": "paths: what ends them"},
    "hide": {"help": "paths: what they leave out, a|b"},
    "repeats": {"action": "store_true", "help": "paths: show the same node again and again"},
    "holding": {"metavar": "a|b", "help": "sessions: only those in which any of these happened"},
    "gap": {"help": "paths, sessions: the pause that ends a session (default 30m)"},
}
"""Options of ``ask``, each for the questions it names."""
DEMO_EVENTS = 400_000
DEMO_SEED = 20_240_208

if __name__ == "__main__":
    sys.exit(main())
