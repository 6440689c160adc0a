from contextlib import ExitStack

import pytest

from cloud import storage_client
from tests.api.conftest import V1
from tests.api.publishing import publish, version_files
from tests.api.serving import serving, wait_for


@pytest.fixture(scope="session")
def default_of(api, make_settings, key):
    """Return a client of an API whose default a model is."""
    found = {"price": api}
    with ExitStack() as running:

        def client(model):
            if model not in found:
                settings = make_settings(default_model=model)
                bucket = storage_client(settings.cloud).bucket(settings.cloud.bucket)
                publish(bucket, model, V1, version_files(model, V1, key))
                found[model] = running.enter_context(serving(settings))
                wait_for(found[model], **{model: V1})
            return found[model]

        yield client
