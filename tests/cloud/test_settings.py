import pytest

from cloud import Settings


def test_the_local_target_is_the_default_with_its_addresses():
    settings = Settings.from_environment({})

    assert settings == Settings()
    assert settings.target == "local"
    assert settings.bigquery_host == "http://127.0.0.1:9050"


def test_the_cloud_target_has_no_emulator():
    settings = Settings.from_environment(
        {"VENDAS_TARGET": "cloud", "BQ_PROJECT": "acme", "VENDAS_BUCKET": "acme-vendas"}
    )

    assert (settings.bigquery_host, settings.storage_host) == (None, None)


@pytest.mark.parametrize("target", ["local", "cloud"])
def test_the_environment_of_a_child_gives_the_same_settings(target):
    settings = Settings.from_environment(
        {"VENDAS_TARGET": target, "BQ_PROJECT": "acme", "VENDAS_BUCKET": "acme-vendas"}
    )

    assert Settings.from_environment(settings.environment()) == settings


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"VENDAS_TARGET": "moon"}, "VENDAS_TARGET is 'moon'; expected 'local' or 'cloud'"),
        ({"VENDAS_TARGET": "cloud"}, "set BQ_PROJECT and VENDAS_BUCKET"),
        (
            {"VENDAS_TARGET": "cloud", "STORAGE_EMULATOR_HOST": "http://127.0.0.1:4443"},
            "Google's clients would talk to the emulator",
        ),
        ({"BIGQUERY_GRPC_PORT": "99999"}, "BIGQUERY_GRPC_PORT is '99999'"),
        ({"BIGQUERY_GRPC_PORT": "abc"}, "expected a port number"),
    ],
)
def test_refuses_settings_that_contradict_themselves(environment, message):
    with pytest.raises(ValueError, match=message):
        Settings.from_environment(environment)
