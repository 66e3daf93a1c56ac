import pytest

from core.errors import Forbidden
from core.scope import HOUSE_WIDE, PERMISSIONS, ROLES, SYSTEM, Operator, Scope

NORTH = Scope(frozenset({"north"}))


@pytest.mark.parametrize("permission", sorted(PERMISSIONS))
@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_what_it_holds_and_house_wide_things_only_with_all_units(role, permission):
    held = role in PERMISSIONS[permission]
    assert Operator(1, "lin", role).can(permission) is held
    assert Operator(1, "lin", role, NORTH).can(permission) is (held and permission not in HOUSE_WIDE)


def test_somebody_of_one_unit_cannot_take_back_an_import_of_the_house():
    with pytest.raises(Forbidden):
        Operator(1, "lin", "analyst", NORTH).require("sources.write")


def test_house_wide_permissions_exist():
    assert set(PERMISSIONS) >= HOUSE_WIDE


def test_the_command_line_may_everything():
    assert all(SYSTEM.can(permission) for permission in PERMISSIONS)


def test_an_unknown_permission_is_a_mistake_of_ours():
    with pytest.raises(KeyError):
        Operator(1, "lin", "admin").can("fly")
