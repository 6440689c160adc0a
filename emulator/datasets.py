"""The Datasets REST resource, where bqemulator's answers are not Google's."""

from __future__ import annotations

from typing import Annotated, Any

from bqemulator.api.dependencies import AppContext, get_context
from bqemulator.api.routes import datasets as theirs
from bqemulator.api.routes import tables as their_tables
from bqemulator.domain.errors import ResourceInUseError, ResourceRef, resource_not_found
from fastapi import APIRouter, Depends, Query, Response, status

router = APIRouter(prefix="/bigquery/v2", tags=["datasets"])
DATASET = "/projects/{project_id}/datasets/{dataset_id}"

Context = Annotated[AppContext, Depends(get_context)]


@router.get(DATASET + "/tables")
def list_tables(
    project_id: str, dataset_id: str, context: Context, maxResults: int = Query(default=1000)
) -> dict[str, Any]:
    """List a dataset's tables, if there is such a dataset."""
    _check(project_id, dataset_id, context)
    listed: dict[str, Any] = their_tables.list_tables(project_id, dataset_id, context, maxResults)
    return listed


@router.delete(DATASET, status_code=status.HTTP_204_NO_CONTENT)
async def delete_dataset(
    project_id: str, dataset_id: str, context: Context, deleteContents: bool = False
) -> Response:
    """Delete a dataset; one with tables only together with them."""
    _check(project_id, dataset_id, context)
    if context.catalog.list_tables(project_id, dataset_id) and not deleteContents:
        raise ResourceInUseError(f"Dataset {project_id}:{dataset_id} is still in use")
    deleted: Response = await theirs.delete_dataset(project_id, dataset_id, context, deleteContents)
    return deleted


def _check(project: str, dataset: str, context: AppContext) -> None:
    if context.catalog.get_dataset(project, dataset) is None:
        raise resource_not_found(ResourceRef("dataset", project, dataset))
