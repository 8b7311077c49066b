"""What Discord accepts as the embeds of a message: fields, lengths and addresses."""

from __future__ import annotations

from datetime import datetime

from tests.adapters.discord.fake.refusals import Form, Json

MOST_EMBEDS = 10
MOST_CHARACTERS_TOGETHER = 6_000
LENGTHS = {"title": 256, "description": 4_096}
MOST_FIELDS = 25
FIELD_LENGTHS = {"name": 256, "value": 1_024}
FOOTER_LENGTH = 2_048
AUTHOR_LENGTH = 256
ADDRESS_LENGTH = 2_048
KEYS = frozenset(
    {
        *LENGTHS,
        *[
            "type",
            "url",
            "color",
            "timestamp",
            "footer",
            "image",
            "thumbnail",
            "author",
            "fields",
            "flags",
            "provider",
            "video",
        ],
    }
)
PARTS = {
    "footer": frozenset({"text", "icon_url", "proxy_icon_url"}),
    "author": frozenset({"name", "url", "icon_url", "proxy_icon_url"}),
    "image": frozenset({"url", "proxy_url", "height", "width", "flags", "content_type", "placeholder"}),
    "thumbnail": frozenset({"url", "proxy_url", "height", "width", "flags", "content_type", "placeholder"}),
}
SHOWN = ("title", "description", "fields", "image", "thumbnail", "author", "footer")


def check_embeds(form: Form, path: str, embeds: list[Json]) -> None:
    """All embeds of a message; what they hold together counts too."""
    form.count(path, embeds, MOST_EMBEDS)
    for number, embed in enumerate(embeds):
        _check_embed(form, f"{path}.{number}", embed)
    if sum(map(_characters, embeds)) > MOST_CHARACTERS_TOGETHER:
        form.wrong(path, "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {MOST_CHARACTERS_TOGETHER}")


def _check_embed(form: Form, path: str, embed: Json) -> None:
    form.known(path, embed, KEYS)
    for name, most in LENGTHS.items():
        if embed.get(name):
            form.text(f"{path}.{name}", embed[name], most)
    if not any(embed.get(name) for name in SHOWN):
        form.wrong(f"{path}.description", "BASE_TYPE_REQUIRED", "This field is required")
    if not 0 <= embed.get("color", 0) <= 0xFFFFFF:
        form.wrong(f"{path}.color", "NUMBER_TYPE_MAX", "int value should be less than or equal to 16777215.")
    if "timestamp" in embed and not _is_time(embed["timestamp"]):
        form.wrong(f"{path}.timestamp", "DATE_TIME_TYPE_PARSE", "Could not parse the value as a date and time.")
    if embed.get("url"):
        _check_address(form, f"{path}.url", embed["url"], attachments=False)
    _check_parts(form, path, embed)
    _check_fields(form, f"{path}.fields", embed.get("fields", []))


def _check_parts(form: Form, path: str, embed: Json) -> None:
    for name in PARTS.keys() & embed.keys():
        part = embed[name]
        form.known(f"{path}.{name}", part, PARTS[name])
        for key in ("url", "icon_url"):
            if part.get(key):
                _check_address(form, f"{path}.{name}.{key}", part[key], attachments=(name, key) != ("author", "url"))
        if name in {"image", "thumbnail"} and not part.get("url"):
            form.wrong(f"{path}.{name}.url", "BASE_TYPE_REQUIRED", "This field is required")
    if "footer" in embed:
        form.text(f"{path}.footer.text", embed["footer"].get("text"), FOOTER_LENGTH)
    if "author" in embed:
        form.text(f"{path}.author.name", embed["author"].get("name"), AUTHOR_LENGTH)


def _check_fields(form: Form, path: str, fields: list[Json]) -> None:
    form.count(path, fields, MOST_FIELDS)
    for number, field in enumerate(fields):
        form.known(f"{path}.{number}", field, {*FIELD_LENGTHS, "inline"})
        for name, most in FIELD_LENGTHS.items():
            form.text(f"{path}.{number}.{name}", field.get(name), most)


def _check_address(form: Form, path: str, address: str, *, attachments: bool) -> None:
    form.text(path, address, ADDRESS_LENGTH)
    schemes = ("http://", "https://", *(("attachment://",) if attachments else ()))
    if not str(address).startswith(schemes):
        form.wrong(path, "URL_TYPE_INVALID_SCHEME", f"Scheme must be one of {schemes}.")


def _characters(embed: Json) -> int:
    texts = [embed.get("title"), embed.get("description"), embed.get("footer", {}).get("text")]
    texts += [embed.get("author", {}).get("name")]
    texts += [field.get(name) for field in embed.get("fields", []) for name in FIELD_LENGTHS]
    return sum(len(str(text)) for text in texts if text)


def _is_time(value: object) -> bool:
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        return False
    return True
