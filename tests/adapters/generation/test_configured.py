"""What providers are made from, and when a start warns that one of their keys would be sent in the clear."""

from __future__ import annotations

import pytest

from adapters.generation.configured import sent_unencrypted
from adapters.settings.config import Config
from adapters.settings.sources import Sources

KEY = "sk-0123456789abcdefSECRET"


@pytest.mark.parametrize(
    ("settings", "warned"),
    [
        ({"GENERATOR": "stability", "API_HOST": "http://proxy.example", "STABILITY_API_KEY": KEY}, "API_HOST key"),
        ({"GENERATOR": "stability", "API_HOST": "http://192.168.0.9:80", "STABILITY_API_KEY": KEY}, "API_HOST key"),
        ({"API_HOST": "http://api.stability.ai", "STABILITY_API_KEY": KEY}, "API_HOST key"),
        (
            {"GENERATOR": "openai", "OPENAI_HOST": "http://proxy.example/v1", "OPENAI_API_KEY": KEY},
            "OPENAI_HOST key",
        ),
        ({"API_HOST": "http://192.168.0.9:7860", "AUTOMATIC1111_LOGIN": "a:b"}, "API_HOST login"),
        ({"GENERATOR": "stability", "API_HOST": "https://proxy.example", "STABILITY_API_KEY": KEY}, None),
        ({"GENERATOR": "stability", "API_HOST": "http://proxy.example"}, None),
        ({"GENERATOR": "stability", "API_HOST": "http://localhost:80", "STABILITY_API_KEY": KEY}, None),
        ({"GENERATOR": "stability", "API_HOST": "http://127.0.0.2:80", "STABILITY_API_KEY": KEY}, None),
        ({"GENERATOR": "stability", "API_HOST": "http://[::1]:80", "STABILITY_API_KEY": KEY}, None),
        ({"API_HOST": "http://192.168.0.9:7860", "STABILITY_API_KEY": KEY}, None),
        ({"GENERATOR": "sketch", "API_HOST": "http://api.stability.ai", "STABILITY_API_KEY": KEY}, None),
        ({"OPENAI_HOST": "http://proxy.example", "OPENAI_API_KEY": KEY}, None),
    ],
    ids=lambda value: " ".join(map(str, value.values())).replace(KEY, "key") if isinstance(value, dict) else "",
)
def test_a_key_that_would_go_over_plain_http_is_warned_about(settings: dict[str, str], warned: str | None) -> None:
    """Where its own provider is in use and the host is another machine; nobody else is sent a key at all."""
    setting, _, secret = (warned or "").partition(" ")
    sentence = f"{setting} begins with http://, so the {secret} is sent unencrypted; use https://"
    assert sent_unencrypted(Config(Sources((("environment", settings),)))) == ([sentence] if warned else [])
