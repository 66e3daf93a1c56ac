"""What is encrypted comes back whole, in its place, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import WrongKey
from core.privacy.pseudonyms import Keys
from core.privacy.vault import Vault, identity_label, profile_label

KEYS = Keys(b"m" * 32)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=5))
def test_a_value_comes_back_as_it_was(values):
    vault = Vault(KEYS)
    labels = [identity_label(number) for number in range(len(values))]
    sealed = vault.seal(values, labels)
    assert [vault.open(each, label) for each, label in zip(sealed, labels, strict=True)] == values


def test_equal_values_are_sealed_differently():
    one, other = Vault(KEYS).seal(["13800138000"] * 2, [identity_label(1)] * 2)
    assert one != other


def test_a_sealed_value_does_not_show_what_it_holds():
    (sealed,) = Vault(KEYS).seal(["13800138000"], [identity_label(1)])
    assert b"13800138000" not in sealed


def test_a_value_cannot_be_put_in_another_persons_place():
    (sealed,) = Vault(KEYS).seal(["13800138000"], [identity_label(1)])
    with pytest.raises(WrongKey, match="does not belong here"):
        Vault(KEYS).open(sealed, identity_label(2))


def test_an_identity_cannot_be_read_as_a_field_of_the_profile():
    (sealed,) = Vault(KEYS).seal(["13800138000"], [identity_label(1)])
    with pytest.raises(WrongKey, match="does not belong here"):
        Vault(KEYS).open(sealed, profile_label(1, "name"))


@pytest.mark.parametrize("at", [5, 17, -1])
def test_a_changed_value_is_refused(at):
    (sealed,) = Vault(KEYS).seal(["13800138000"], [identity_label(1)])
    broken = bytearray(sealed)
    broken[at] ^= 1
    with pytest.raises(WrongKey, match="was changed"):
        Vault(KEYS).open(bytes(broken), identity_label(1))


@pytest.mark.parametrize("other", [Vault(Keys(b"n" * 32)), Vault(KEYS, "rejects")], ids=["home", "purpose"])
def test_the_key_of_another_home_or_purpose_is_named_as_the_cause(other):
    (sealed,) = Vault(KEYS).seal(["13800138000"], [identity_label(1)])
    with pytest.raises(WrongKey, match="with another key"):
        other.open(sealed, identity_label(1))


def test_every_value_needs_its_label():
    with pytest.raises(ValueError, match="shorter"):
        Vault(KEYS).seal(["a", "b"], [identity_label(1)])
