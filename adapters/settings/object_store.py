"""The settings of images that are kept in a bucket: how it is reached, under the names that every client of such stores
knows, and what is given out of it.

They are judged only where STORAGE_ROOT is the address of a bucket: other programs here may mean other things by them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from adapters.network.loopback import is_sent_in_clear
from adapters.ports.faults import ConfigError
from adapters.ports.object_place import ObjectPlace, is_object_address, object_place
from adapters.settings.kinds import WholeNumber, folder_of_its_own, plain_path, service_address
from adapters.settings.section import Section
from adapters.settings.sources import Sources

LONGEST_PRESIGNED_SECONDS = 604_800
OVER_PLAIN_HTTP = (
    "AWS_ENDPOINT_URL={}: whoever is on the way could read images, and change them. Give an address that begins with "
    "https://, or say AWS_ALLOW_HTTP=true where the way there is your own."
)
HALF_A_KEY = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together: give both, or neither."


def folder_or_bucket(value: object) -> object:
    """A folder as it is written, or the place that the address of a bucket names."""
    return object_place(str(value)) if is_object_address(value) else plain_path(value)


def folder_if_one(root: Path | ObjectPlace) -> Path | ObjectPlace:
    """A folder under the rules of one."""
    return root if isinstance(root, ObjectPlace) else folder_of_its_own(root)


Root = Annotated[Path | ObjectPlace, BeforeValidator(folder_or_bucket), AfterValidator(folder_if_one)]


class ObjectStoreConfig(Section):
    """How a bucket is reached. What is not given, its client looks for as on the machines of that service."""

    endpoint: str = Field(
        "", validation_alias="AWS_ENDPOINT_URL",
        description="an address that begins with https:// or http://, such as https://minio.example.org",
    )  # fmt: skip
    region: str = Field("", validation_alias="AWS_REGION", description="a region's name, such as eu-central-1")
    access_key_id: SecretStr | None = Field(None, validation_alias="AWS_ACCESS_KEY_ID", description="a key's id")
    secret_access_key: SecretStr | None = Field(None, validation_alias="AWS_SECRET_ACCESS_KEY", description="a key")
    session_token: SecretStr | None = Field(None, validation_alias="AWS_SESSION_TOKEN", description="a token")
    allow_http: str = Field("", validation_alias="AWS_ALLOW_HTTP", description="true or false")
    presigned_seconds: WholeNumber = Field(
        0, ge=0, le=LONGEST_PRESIGNED_SECONDS, validation_alias="S3_PRESIGNED_SECONDS",
        description=f"a whole number of seconds from 1 to {LONGEST_PRESIGNED_SECONDS}, or 0 for never",
    )  # fmt: skip

    def reaching(self, place: ObjectPlace) -> ObjectPlace:
        """The place with how it is reached. Raises ConfigError for what cannot be meant so."""
        endpoint = self._endpoint()
        if is_sent_in_clear(endpoint) and self.allow_http.strip().lower() not in {"true", "1"}:
            raise ConfigError(OVER_PLAIN_HTTP.format(endpoint))
        if bool(_shown(self.access_key_id)) != bool(_shown(self.secret_access_key)):
            raise ConfigError(HALF_A_KEY)
        return ObjectPlace(
            bucket=place.bucket,
            prefix=place.prefix,
            endpoint=endpoint,
            region=self.region,
            access_key_id=_shown(self.access_key_id),
            secret_access_key=_shown(self.secret_access_key),
            session_token=_shown(self.session_token),
        )

    def _endpoint(self) -> str:
        if not self.endpoint:
            return ""
        try:
            return service_address(self.endpoint)
        except ValueError as error:
            why = f"{error}; it takes" if str(error) else "it takes"
            raise ConfigError(f"AWS_ENDPOINT_URL: {why} an address that begins with https:// or http://.") from None


def place_of_environment(address: str) -> ObjectPlace:
    """The place that an address names for a program that reads no settings: reached as its environment says. Raises
    ValueError for an address that names none, ConfigError.
    """
    make: type[Section] = ObjectStoreConfig
    config = make(Sources.of_environment())
    assert isinstance(config, ObjectStoreConfig)
    return config.reaching(object_place(address))


def _shown(secret: SecretStr | None) -> str:
    return "" if secret is None else secret.get_secret_value()
