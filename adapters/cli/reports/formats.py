"""The formats in which answers are given: words of the command line."""

from __future__ import annotations

from enum import StrEnum


class QueryFormat(StrEnum):
    """Of a query's answer."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


class ReportFormat(StrEnum):
    """Of a report."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"
    HTML = "html"
    SVG = "svg"
    PNG = "png"


class ReportKey(StrEnum):
    """By what a report is told."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    USER = "user"
    GUILD = "guild"
    OPERATION = "operation"
    STYLE = "style"
    PROVIDER = "provider"
