"""What Discord accepts as the components of a message and of a modal: rows, buttons, selects, inputs and layouts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.adapters.discord.fake.refusals import Form, Json

ROW, BUTTON, STRING_SELECT, TEXT_INPUT, LABEL = 1, 2, 3, 4, 18
SELECTS = (3, 5, 6, 7, 8)
LINK, PREMIUM = 5, 6
SECTION, TEXT_DISPLAY, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER = 9, 10, 11, 12, 13, 14, 17
LAYOUT_TOP = (ROW, SECTION, TEXT_DISPLAY, GALLERY, FILE, SEPARATOR, CONTAINER)
IN_A_LABEL = (*SELECTS, TEXT_INPUT, 19, 21, 22, 23)
MOST_ROWS, MOST_IN_A_ROW, MOST_OPTIONS, MOST_IN_A_LAYOUT, MOST_LAYOUT_TEXT = 5, 5, 25, 40, 4_000
CUSTOM_ID_LENGTH, BUTTON_LENGTH, OPTION_LENGTH, PLACEHOLDER_LENGTH = 100, 80, 100, 150
TITLE_LENGTH, INPUT_LABEL_LENGTH, INPUT_LENGTH = 45, 45, 4_000
MOST_INPUTS = 5

BUTTON_KEYS = frozenset(["type", "id", "style", "label", "emoji", "custom_id", "url", "sku_id", "disabled"])
SELECT_KEYS = frozenset(
    [
        "type",
        "id",
        "custom_id",
        "options",
        "channel_types",
        "placeholder",
        "default_values",
        "min_values",
        "max_values",
        "disabled",
        "required",
    ]
)
OPTION_KEYS = frozenset({"label", "value", "description", "emoji", "default"})
INPUT_KEYS = frozenset(
    ["type", "id", "custom_id", "style", "label", "min_length", "max_length", "required", "value", "placeholder"]
)


def check_components(form: Form, path: str, components: list[Json]) -> None:
    """The rows of an ordinary message."""
    form.count(path, components, MOST_ROWS)
    for number, row in enumerate(components):
        if form.among(f"{path}.{number}.type", row.get("type"), (ROW,)):
            _check_row(form, f"{path}.{number}", row)
    _check_ids(form, path, components)


def check_layout(form: Form, path: str, components: list[Json]) -> None:
    """The components of a message that is made of them alone."""
    for number, part in enumerate(components):
        form.among(f"{path}.{number}.type", part.get("type"), LAYOUT_TOP)
    parts = list(walk(components))
    if len(parts) > MOST_IN_A_LAYOUT:
        form.wrong(path, "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", f"At most {MOST_IN_A_LAYOUT} components.")
    if sum(len(part.get("content", "")) for part in parts if part["type"] == TEXT_DISPLAY) > MOST_LAYOUT_TEXT:
        form.wrong(path, "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", f"At most {MOST_LAYOUT_TEXT} characters of text.")
    for number, part in enumerate(parts):
        match part["type"]:
            case 1:
                _check_row(form, f"{path}.{number}", part)
            case 9:
                form.count(f"{path}.{number}.components", part.get("components", []), 3, least=1)
            case 12:
                form.count(f"{path}.{number}.items", part.get("items", []), 10, least=1)
    _check_ids(form, path, components)


def check_modal(form: Form, path: str, modal: Json) -> None:
    """A form that pops up."""
    form.known(path, modal, {"custom_id", "title", "components"})
    form.text(f"{path}.custom_id", modal.get("custom_id"), CUSTOM_ID_LENGTH)
    form.text(f"{path}.title", modal.get("title"), TITLE_LENGTH)
    form.count(f"{path}.components", modal.get("components", []), MOST_INPUTS, least=1)
    for number, part in enumerate(modal.get("components", [])):
        here = f"{path}.components.{number}"
        if not form.among(f"{here}.type", part.get("type"), (ROW, LABEL, TEXT_DISPLAY)):
            continue
        if part["type"] == LABEL:
            form.text(f"{here}.label", part.get("label"), INPUT_LABEL_LENGTH)
            inside, where = [part.get("component", {})], f"{here}.component"
        else:
            inside, where = part.get("components", []), f"{here}.components.0"
        allowed = IN_A_LABEL if part["type"] == LABEL else (TEXT_INPUT,)
        for component in inside:
            if form.among(f"{where}.type", component.get("type"), allowed):
                _check_input(form, where, component, labelled=part["type"] == LABEL)
    _check_ids(form, f"{path}.components", modal.get("components", []))


def walk(components: list[Json]) -> Iterator[Json]:
    """Every component, those inside others too, from top to bottom."""
    for component in components:
        yield component
        inside = [component[name] for name in ("component", "accessory") if component.get(name)]
        yield from walk([*component.get("components", []), *inside])


def _check_row(form: Form, path: str, row: Json) -> None:
    form.known(path, row, {"type", "id", "components"})
    inside = row.get("components", [])
    is_select = any(part.get("type") in SELECTS for part in inside)
    form.count(f"{path}.components", inside, 1 if is_select else MOST_IN_A_ROW, least=1)
    for number, part in enumerate(inside):
        here = f"{path}.components.{number}"
        if not form.among(f"{here}.type", part.get("type"), (BUTTON, *SELECTS)):
            continue
        if part["type"] == BUTTON:
            _check_button(form, here, part)
        else:
            _check_select(form, here, part)


def _check_button(form: Form, path: str, button: Json) -> None:
    form.known(path, button, BUTTON_KEYS)
    form.among(f"{path}.style", button.get("style"), range(1, 7))
    if button.get("label"):
        form.text(f"{path}.label", button["label"], BUTTON_LENGTH)
    elif not button.get("emoji") and button.get("style") != PREMIUM:
        form.wrong(path, "BUTTON_COMPONENT_INVALID_LABEL", "A button needs a label or an emoji.")
    if button.get("style") == LINK:
        if "custom_id" in button or not str(button.get("url", "")).startswith(("http://", "https://", "discord://")):
            form.wrong(path, "BUTTON_COMPONENT_INVALID_URL", "A link button has an address and no custom id.")
    elif button.get("style") != PREMIUM:
        form.text(f"{path}.custom_id", button.get("custom_id"), CUSTOM_ID_LENGTH)
        if button.get("url"):
            form.wrong(f"{path}.url", "BUTTON_COMPONENT_CUSTOM_ID_AND_URL", "A custom id and a url cannot both be set.")


def _check_select(form: Form, path: str, select: Json) -> None:
    form.known(path, select, SELECT_KEYS)
    form.text(f"{path}.custom_id", select.get("custom_id"), CUSTOM_ID_LENGTH)
    if select.get("placeholder"):
        form.text(f"{path}.placeholder", select["placeholder"], PLACEHOLDER_LENGTH)
    least, most = select.get("min_values", 1), select.get("max_values", 1)
    if not 0 <= least <= most <= MOST_OPTIONS or most < 1:
        form.wrong(f"{path}.min_values", "BASE_TYPE_BAD_RANGE", f"0 <= min <= max <= {MOST_OPTIONS} is needed.")
    if select["type"] != STRING_SELECT:
        return
    options = select.get("options", [])
    form.count(f"{path}.options", options, MOST_OPTIONS, least=1)
    if least > len(options):
        form.wrong(f"{path}.min_values", "BASE_TYPE_BAD_RANGE", "More values are asked for than there are options.")
    for number, option in enumerate(options):
        here = f"{path}.options.{number}"
        form.known(here, option, OPTION_KEYS)
        form.text(f"{here}.label", option.get("label"), OPTION_LENGTH)
        form.text(f"{here}.value", option.get("value"), OPTION_LENGTH)
        if option.get("description"):
            form.text(f"{here}.description", option["description"], OPTION_LENGTH)
    for value, times in Counter(option.get("value") for option in options).items():
        if times > 1:
            form.wrong(f"{path}.options", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", f"{value!r} is there twice.")


def _check_input(form: Form, path: str, component: Json, *, labelled: bool) -> None:
    if component["type"] in SELECTS:
        _check_select(form, path, component)
        return
    form.text(f"{path}.custom_id", component.get("custom_id"), CUSTOM_ID_LENGTH)
    if component["type"] != TEXT_INPUT:
        return
    form.known(path, component, INPUT_KEYS)
    form.among(f"{path}.style", component.get("style"), (1, 2))
    if not labelled:
        form.text(f"{path}.label", component.get("label"), INPUT_LABEL_LENGTH)
    if component.get("placeholder"):
        form.text(f"{path}.placeholder", component["placeholder"], OPTION_LENGTH)
    least, most = component.get("min_length") or 0, component.get("max_length") or INPUT_LENGTH
    if not 0 <= least <= most <= INPUT_LENGTH:
        form.wrong(f"{path}.min_length", "BASE_TYPE_BAD_RANGE", f"0 <= min <= max <= {INPUT_LENGTH} is needed.")
    if component.get("value"):
        form.text(f"{path}.value", component["value"], most, least=least)


def _check_ids(form: Form, path: str, components: list[Json]) -> None:
    ids = Counter(part["custom_id"] for part in walk(components) if part.get("custom_id"))
    for custom_id, times in ids.items():
        if times > 1:
            form.wrong(
                path, "COMPONENT_CUSTOM_ID_DUPLICATED", f"Component custom id {custom_id!r} cannot be duplicated."
            )
