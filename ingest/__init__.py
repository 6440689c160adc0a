"""A sales report enters: recognised, normalised, numbered, uploaded; no record is dropped."""

from ingest.errors import IngestError
from ingest.report import Receipt, ingest, reports, withdraw

__all__ = ["IngestError", "Receipt", "ingest", "reports", "withdraw"]
