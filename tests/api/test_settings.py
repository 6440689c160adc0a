import pytest

from api.errors import SettingsError
from api.settings import Settings


def test_defaults_are_those_of_this_machine_alone():
    settings = Settings.from_environment({})

    assert (settings.host, settings.port, settings.reload_seconds) == ("127.0.0.1", 8080, 2.0)
    assert settings.cloud.bucket == "vendas-bmw-local"


def test_the_environment_decides():
    settings = Settings.from_environment(
        {
            "HOST": "0.0.0.0",
            "PORT": "0",
            "RELOAD_SECONDS": "0.5",
            "MAX_ROWS": "7",
            "MAX_BODY_BYTES": "2048",
            "VENDAS_BUCKET": "other",
        }
    )

    assert (settings.host, settings.port, settings.reload_seconds) == ("0.0.0.0", 0, 0.5)
    assert (settings.max_rows, settings.max_body_bytes) == (7, 2048)
    assert settings.cloud.bucket == "other"


def test_whom_google_s_tokens_let_in_is_read_in_lower_case():
    settings = Settings.from_environment(
        {
            "GOOGLE_AUDIENCE": "https://api.example",
            "GOOGLE_CALLERS": "Ana@Example.com, domain:shop-7.iam.gserviceaccount.com,",
        }
    )

    assert settings.google_callers == ("ana@example.com", "domain:shop-7.iam.gserviceaccount.com")


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"GOOGLE_AUDIENCE": "x"}, "GOOGLE_AUDIENCE is set and GOOGLE_CALLERS is not: anybody"),
        (
            {"GOOGLE_AUDIENCE": "x", "GOOGLE_CALLERS": " , "},
            "those who may ask: 'ana@example.com' or 'domain:example.com', separated by commas",
        ),
        ({"GOOGLE_CALLERS": "ana@example.com"}, "GOOGLE_AUDIENCE is not: no token"),
        (
            {"GOOGLE_AUDIENCE": "x", "GOOGLE_CALLERS": "ana@example.com, example.com"},
            "GOOGLE_CALLERS has 'example.com'; expected 'ana@example.com' or",
        ),
        ({"GOOGLE_AUDIENCE": "x", "GOOGLE_CALLERS": "domain:"}, "has 'domain:'; expected"),
        ({"GOOGLE_AUDIENCE": "x", "GOOGLE_CALLERS": "@example.com"}, "has '@example.com'; expec"),
    ],
    ids=["nobody", "blank", "no audience", "no kind", "no domain", "no name"],
)
def test_google_s_tokens_need_a_list_of_whom_they_let_in(environment, words):
    with pytest.raises(SettingsError, match=words):
        Settings.from_environment(environment)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "70000"),
        ("RELOAD_SECONDS", "0"),
        ("RELOAD_SECONDS", "nan"),
        ("MAX_ROWS", "-1"),
        ("MAX_BODY_BYTES", "10 MB"),
    ],
)
def test_an_unusable_value_is_named(name, value):
    with pytest.raises(ValueError, match=f"{name} is '{value}'; expected"):
        Settings.from_environment({name: value})
