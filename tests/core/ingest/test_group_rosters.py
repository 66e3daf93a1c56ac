"""Files that list the members of groups, guessed."""

import pytest

from core.work.ingest.guess import Sample, guess

WECOM = ["chat_id", "taken_at", "external_userid", "join_time", "join_scene"]
CHINESE = ["群ID", "快照时间", "外部联系人ID", "入群时间", "入群方式"]


@pytest.mark.parametrize("header", [WECOM, CHINESE])
def test_a_list_of_members_is_told_from_joins_and_leaves(header: list[str]):
    row = ["g1", "2025-03-10 10:00:00", "wm1", "2025-03-02 09:00:00", "qr_code"]
    found = guess(Sample("members.csv", {name: [cell] for name, cell in zip(header, row, strict=True)}))
    assert found.mapping.table == "group_rosters"
    columns = {target: names[0] for target, names in found.mapping.columns.items()}
    assert columns == dict(
        zip(["group_id", "occurred_at", "joined_at", "scene"], [header[0], *header[1:2], *header[3:]], strict=True)
    )
    assert found.mapping.identities == {"external_userid": (header[2],)}
    assert not found.missing and found.confidence > 0.8


def test_joins_and_leaves_stay_what_they_are():
    header = {
        "chat_id": ["g1"],
        "time": ["2025-03-10 10:00:00"],
        "external_userid": ["wm1"],
        "change": ["join"],
        "scene": ["link"],
    }
    assert guess(Sample("moves.csv", header)).mapping.table == "group_membership"
