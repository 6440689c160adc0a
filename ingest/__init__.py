"""A sales report enters: recognised, normalised, numbered, uploaded; no record is dropped."""

from ingest.errors import IngestError, ReportError
from ingest.report import Receipt, ingest, reports, withdraw

__all__ = ["IngestError", "Receipt", "ReportError", "ingest", "reports", "withdraw"]
