"""The settings of a database that keeps the log, by the names of the `eventsourcing` library."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, SecretStr

from adapters.settings.kinds import Secret, WholeNumber
from adapters.settings.section import Section


class DatabaseConfig(Section):
    """How PostgreSQL is reached, where PERSISTENCE_MODULE says that it keeps the log."""

    host: str = Field(
        "", validation_alias="POSTGRES_HOST", description="a host, or several with commas between them: a, b"
    )
    port: str = Field(
        "5432", pattern=r"^[0-9]{1,5}(,[0-9]{1,5})*$", validation_alias="POSTGRES_PORT",
        description="a port, or one for each host with commas between them, such as 5432",
    )  # fmt: skip
    dbname: str = Field("", validation_alias="POSTGRES_DBNAME", description="the name of a database")
    user: str = Field("", validation_alias="POSTGRES_USER", description="the name of an account of the database")
    password: Secret | None = Field(None, validation_alias="POSTGRES_PASSWORD", description="the account's password")
    schema_name: str = Field(
        "public", validation_alias="POSTGRES_SCHEMA", description="the schema in which the log's tables stand"
    )
    connect_timeout: WholeNumber = Field(
        5,
        ge=1,
        le=60,
        validation_alias="POSTGRES_CONNECT_TIMEOUT",
        description="a whole number of seconds from 1 to 60",
    )

    def environment(self) -> Mapping[str, str]:
        """The settings as the library reads them. It holds the password."""
        return {
            str(info.validation_alias): value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            for attribute, info in type(self).model_fields.items()
            if (value := getattr(self, attribute)) is not None
        }
