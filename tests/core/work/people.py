"""A handful of members with a city and a unit, and definitions that say who they are."""

from tests import lakes

NORTH = "north"


def people_of(home, described):
    """Add members: number to city and unit."""
    profiles = [
        {"identity_key": number, "city": city, "unit_id": unit, "joined_at": lakes.at("2026-01-01 00:00")}
        for number, (city, unit) in described.items()
    ]
    with home.lake.open() as snapshot:
        batch = snapshot.version + 1
    events = [lakes.event(number, "2026-03-01 00:00") for number in described]
    lakes.add(home, batch, member_profiles=profiles, events=events)


def defined(where):
    return {"v": 1, "where": where}


def in_city(city):
    return defined({"profile": "city", "op": "is", "values": [city]})


def in_segment(segment_id):
    return defined({"segment": [segment_id]})
