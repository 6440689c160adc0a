import pytest

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
