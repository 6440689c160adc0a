"""Buckets of their own on the local cloud, for each test."""

import dataclasses
import uuid

import pytest

from cloud import storage_client


@pytest.fixture
def settings(local_cloud):
    """Settings of a project whose buckets are not made yet."""
    name = f"pipeline-{uuid.uuid4().hex[:8]}"
    return dataclasses.replace(
        local_cloud.settings, project=name, bucket=name, inbox=f"{name}-inbox"
    )


@pytest.fixture
def bucket(settings):
    return storage_client(settings).create_bucket(settings.bucket)


@pytest.fixture
def inbox(settings):
    return storage_client(settings).create_bucket(settings.inbox)
