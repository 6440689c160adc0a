"""Errors of ingest. Each names file, line, column and value, what was expected, and the remedy.

IngestError
├── ReportError      the file as a whole cannot be taken
│   ├── EncodingError    binary, UTF-16, NUL bytes
│   ├── HeaderError      missing, doubled or unknown columns
│   ├── RecordError      a line or field without end, no records
│   └── NumberError      thousands and decimal marks cannot be told apart
├── UploadError      the bucket is gone, Cloud Storage does not answer, the disk is full
└── WithdrawError    there is no such report in the bucket
"""

from __future__ import annotations


class IngestError(Exception):
    """Base of everything that ingest raises on purpose."""


class ReportError(IngestError):
    """The file as a whole cannot be taken; nothing was uploaded."""


class EncodingError(ReportError):
    """The file is not text in an encoding that is read here."""


class HeaderError(ReportError):
    """The header lacks a column, has one twice, or is no header."""


class RecordError(ReportError):
    """A line or a quoted field has no end, or the file has no records."""


class NumberError(ReportError):
    """Thousands and decimal marks cannot be told apart."""


class UploadError(IngestError):
    """The report could not be written to the bucket; nothing was left there."""


class WithdrawError(IngestError):
    """The bucket holds no such report."""
