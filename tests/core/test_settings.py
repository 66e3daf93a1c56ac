import pytest

from core.errors import InvalidHome, InvalidMail
from core.settings import PROJECT, Mail, Settings


def test_a_home_lies_where_the_environment_says_and_else_in_the_project(tmp_path):
    assert Settings.from_environment({"SIYU_HOME": str(tmp_path)}).home == tmp_path
    assert Settings.from_environment({}).home == PROJECT / "data"


@pytest.mark.parametrize("name", ["my home", "私域驾驶舱", "a#b", "x'y", "宽　格"])
def test_a_home_may_have_any_ordinary_name(tmp_path, name):
    assert Settings.from_environment({"SIYU_HOME": str(tmp_path / name)}).home == tmp_path / name


@pytest.mark.parametrize("sign", [*"*?[]\\^|%", "\n", "\x7f"])
def test_a_home_that_the_lake_could_not_name_its_files_in_is_refused_by_the_sign(tmp_path, sign):
    with pytest.raises(InvalidHome) as refused:
        Settings.from_environment({"SIYU_HOME": str(tmp_path / f"a{sign}b")})
    assert refused.value.details["letter"] == sign


MAIL = {"SIYU_SMTP_HOST": "mail.example.com", "SIYU_SMTP_FROM": "cockpit@example.com"}


def test_there_is_no_e_mail_and_no_link_until_the_house_says_how():
    told = Settings.from_environment({})
    assert (told.mail, told.url, told.links_url, told.inner_hosts) == (None, None, None, frozenset())


def test_a_mail_server_is_asked_encrypted_on_its_usual_port_unless_said_otherwise():
    assert Settings.from_environment(MAIL).mail == Mail("mail.example.com", 587, "starttls", "cockpit@example.com")
    more = {"SIYU_SMTP_SECURITY": "ssl", "SIYU_SMTP_USER": "u", "SIYU_SMTP_PASSWORD": "hush"}
    told = Settings.from_environment(MAIL | more).mail
    assert (told.port, told.user, told.password) == (465, "u", "hush")
    assert "hush" not in repr(Settings.from_environment(MAIL | more))


def test_only_a_server_on_this_machine_may_be_asked_without_encryption():
    here = {"SIYU_SMTP_HOST": "localhost", "SIYU_SMTP_SECURITY": "none"}
    assert Settings.from_environment(MAIL | here).mail.port == 25


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"SIYU_SMTP_SECURITY": "none"}, "security"),
        ({"SIYU_SMTP_SECURITY": "tls"}, "security"),
        ({"SIYU_SMTP_PORT": "0"}, "port"),
        ({"SIYU_SMTP_PORT": "٢٥"}, "port"),
        ({"SIYU_SMTP_PORT": "65536"}, "port"),
        ({"SIYU_SMTP_FROM": ""}, "from"),
        ({"SIYU_SMTP_FROM": "a@b.example\nBcc: c@d.example"}, "from"),
        ({"SIYU_URL": "cockpit.example.com"}, "url"),
        ({"SIYU_URL": "https://a.example/\nx"}, "url"),
        ({"SIYU_URL": "javascript:alert(1)"}, "url"),
        ({"SIYU_LINKS_URL": "go.example.com"}, "links"),
        ({"SIYU_LINKS_URL": "https://go.example.com/?x=1"}, "links"),
    ],
)
def test_a_setting_of_notices_that_cannot_be_is_refused_by_its_reason(wrong, reason):
    with pytest.raises(InvalidMail) as refused:
        Settings.from_environment(MAIL | wrong)
    assert refused.value.details["reason"] == reason


def test_hosts_of_the_house_and_the_place_of_its_pages_are_read_as_they_are_meant():
    told = Settings.from_environment(
        {"SIYU_WEBHOOK_HOSTS": " Inner, 10.0.0.5:8080 ,", "SIYU_URL": "https://a.example/x/"}
    )
    assert (told.inner_hosts, told.url) == (frozenset({"inner", "10.0.0.5:8080"}), "https://a.example/x")


def test_short_links_lead_to_where_the_house_says():
    assert (
        Settings.from_environment({"SIYU_LINKS_URL": " https://go.example.com/x/ "}).links_url
        == "https://go.example.com/x"
    )
