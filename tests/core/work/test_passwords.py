import pytest

from core.errors import InvalidPassword
from core.work import passwords


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("ninechars", "short"),
        ("x7!" * 43, "long"),
        ("Password123", "common"),
        ("QWERTYUIOP", "common"),
        ("ababababab", "common"),
        ("my-LinXiao-1", "name"),
    ],
)
def test_a_password_that_breaks_a_rule_is_refused_with_its_reason(password, reason):
    with pytest.raises(InvalidPassword) as refusal:
        passwords.check(password, account="linxiao")
    assert refusal.value.details["reason"] == reason


@pytest.mark.parametrize("password", ["ten-chars!", "汉字也可以当密码用的啊", "x7!qY3?z" * 16])
def test_a_password_at_either_limit_is_accepted(password):
    passwords.check(password, account="linxiao")


def test_generated_passwords_are_all_different_and_pass_the_rules():
    made = [passwords.generated() for _ in range(100)]
    assert len(set(made)) == 100
    for password in made:
        passwords.check(password, account="admin")


def test_a_password_fits_its_own_hash_and_no_other():
    password_hash = passwords.hashed("correct one")
    assert passwords.fits("correct one", password_hash)
    assert not passwords.fits("correct One", password_hash)
    assert not passwords.is_outdated(password_hash)


def test_nothing_fits_an_account_that_does_not_exist():
    assert not passwords.fits("anything", None)


def test_the_hash_is_argon2id_with_46_mebibytes():
    assert passwords.hashed("a").startswith("$argon2id$v=19$m=47104,t=1,p=1$")


def test_every_common_password_is_long_enough_to_matter():
    listed = passwords._COMMON.read_text(encoding="utf-8").split()
    assert len(listed) == len(set(listed)) > 200
    assert all(len(word) >= passwords.SHORTEST and word == word.casefold() for word in listed)
