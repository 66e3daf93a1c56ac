import pytest

from core.errors import InvalidHome
from core.settings import PROJECT, Settings


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
