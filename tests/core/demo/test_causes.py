"""The planted causes of churn are found as of the day on which the last of those who left was silent."""

from datetime import date

import numpy as np

from core.metrics.causes import CAUSES
from core.work.questions import causes
from core.work.questions.reading import reading
from tests.core.demo.conftest import Filled


def test_the_planted_causes_are_found_by_their_evidence(filled: Filled):
    churn = filled.truths["churn"]
    with reading(filled.home) as lake:
        found = causes.causes(lake, date.fromisoformat(churn["silent_from_on"]))
    recall = {}
    for cause, keys in churn["causes"].items():
        planted = set(filled.members.member_id.loc[keys])
        told = set(found.ids[found.cause == CAUSES.index(cause)].tolist())
        recall[cause] = len(planted & told) / len(planted)
        assert len(told) < 0.02 * len(found.ids), f"{cause} is told of hardly anybody else"
    assert np.mean(list(recall.values())) >= 0.7, recall
    evidence = found.evidence(int(np.flatnonzero(found.cause == CAUSES.index("samey_content"))[0]), "samey_content")
    assert evidence[0].figure.name == "same_topic_messages" and evidence[0].topic and evidence[0].value >= 8
