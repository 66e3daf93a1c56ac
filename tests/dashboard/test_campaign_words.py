"""Whatever a campaign can be, lack, break or be refused for has words in both languages."""

import importlib
import pkgutil

import pytest

import core.campaigns
import core.work.campaigns
from core.campaigns import body, personal
from core.campaigns.compliance import PURPOSES
from core.errors import Refusal
from core.store.campaign_tables import CAMPAIGN_STATES, MESSAGE_STATES
from core.work.campaigns.stopping import InvalidStop
from core.work.campaigns.texts import checks
from dashboard import i18n

GAPS = ("empty", "no_offer", "mixed", "same", "below_face", "past")
FINDINGS = ("must_opt_out", "must_opt_out_last", "must_sender", "platform_template_marketing", "platform_sms_link")


def codes():
    """Of every refusal that is defined in the two packages."""
    found = set()
    for package in (core.campaigns, core.work.campaigns):
        for one in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(one.name)
            for kind in vars(module).values():
                if isinstance(kind, type) and issubclass(kind, Refusal) and kind.__module__ == one.name:
                    found.add(kind.code)
    return found


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_refusal_has_a_text(language):
    texts = i18n.catalogue(language)
    assert len(codes()) > 10 and InvalidStop.code in codes()
    assert sorted(code for code in codes() if not any(key.startswith(f"error.{code}") for key in texts)) == []


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_state_channel_choice_field_gap_and_rule_has_a_name(language):
    wanted = [f"state_{one}" for one in CAMPAIGN_STATES] + [f"waits_{one}" for one in CAMPAIGN_STATES]
    wanted += [f"now_{one}" for one in CAMPAIGN_STATES if one != "draft"] + [f"message_{one}" for one in MESSAGE_STATES]
    wanted += [f"channel_{one}{end}" for one in body.CHANNELS for end in ("", "_means")]
    wanted += [f"goal_{one}" for one in body.GOALS] + [f"metric_{one}" for one in body.METRICS]
    wanted += [f"mode_{one}" for one in body.MODES] + [f"when_{one}" for one in body.WHENS]
    wanted += [f"purpose_{one}" for one in PURPOSES] + [f"step_{one}" for one in (*body.STEPS, "check")]
    wanted += [f"field_{one}" for one in personal.FIELDS] + [f"gap_{one}" for one in GAPS]
    wanted += [f"gap_text_{one}" for one in personal.Reason.__args__] + [f"rule_{one}" for one in FINDINGS]
    texts = i18n.catalogue(language)
    assert [one for one in wanted if f"campaigns.{one}" not in texts] == []


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_rule_of_the_lists_says_why_in_the_language(language):
    found = checks.lists()
    assert [one for one in (*found.musts, *found.words) if not one.why[language].strip()] == []
    assert {f"must_{one.rule}" for one in found.musts} <= set(FINDINGS)
