"""The page at `/docs`: the OpenAPI document for people, made on the server, with no script and nothing from elsewhere.

It tells by subject each route's method and path, the scope it needs, what it takes and what it answers; the shapes that
these refer to stand at its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from html import escape
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from adapters.http.contract.openapi import document
from adapters.http.contract.route import Answer, Route
from adapters.http.once import Once
from adapters.http.routes.documentation import TITLE, running_version
from adapters.http.services import services_of

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}: the HTTP interface</title>
<link rel="icon" href="/page/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/page/style.css">
<link rel="stylesheet" href="/page/docs.css">
</head>
<body>
<a class="skip" href="#routes">To the routes</a>
<header class="docs"><h1>{title} {version}: the HTTP interface</h1>
<p>{says}</p>
<p><a href="/">The page</a>, and this as <a href="/openapi.json">OpenAPI</a> for programs.</p>
</header>
"""
_PAGE: Final = web.AppKey("reading", Once[str])


async def docs(request: web.Request) -> web.Response:
    """The OpenAPI document as a page."""
    written = await request.app[_PAGE].get(services_of(request).store.workers.surveying)
    headers = {"Cache-Control": "no-cache", "Content-Security-Policy": CONTENT_SECURITY_POLICY}
    return web.Response(text=written, content_type="text/html", headers=headers)


def offer_page(app: web.Application, routes: Sequence[Route]) -> None:
    """Lets the application have this page."""
    app[_PAGE] = Once(partial(page_of, routes))


def page_of(routes: Sequence[Route]) -> str:
    """The whole page."""
    told = document(routes, title=TITLE, version=running_version())
    subjects: dict[str, list[str]] = {}
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            subjects.setdefault(operation["tags"][0], []).append("".join(_route(path, method, operation)))
    info = told["info"]
    head = _HEAD.format(title=escape(info["title"]), version=escape(info["version"]), says=_prose(info["description"]))
    links = "".join(f'<li><a href="#{escape(one)}">{escape(one)}</a></li>' for one in [*subjects, "shapes"])
    parts = [head, f'<nav class="docs" aria-label="Subjects"><ul>{links}</ul></nav><main class="docs" id="routes">']
    for subject, shown in subjects.items():
        parts.append(f'<section><h2 id="{escape(subject)}">{escape(subject)}</h2>{"".join(shown)}</section>')
    parts.append('<section><h2 id="shapes">shapes</h2>')
    parts += ["".join(_shape(name, schema)) for name, schema in sorted(told["components"]["schemas"].items())]
    return "\n".join([*parts, "</section></main></body></html>\n"])


def _route(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[str]:
    scope = operation["x-scope"]
    yield f'<article id="{escape(operation["operationId"])}"><h3><code>{method.upper()} {escape(path)}</code></h3>'
    yield f"<p>{_prose(operation['description'])}</p><p>Scope: <strong>{escape(scope)}</strong></p>"
    if operation["parameters"]:
        yield "<h4>Parameters</h4><dl>"
        for one in operation["parameters"]:
            must = ", required" if one.get("required") else ""
            yield f"<dt><code>{escape(one['name'])}</code> <span>{escape(one['in'])}{must}</span></dt>"
            yield f"<dd>{_prose(one['description'])} {_kind(one['schema'])}</dd>"
        yield "</dl>"
    if "requestBody" in operation:
        yield f"<h4>Body</h4><ul>{_contents(operation['requestBody']['content'])}</ul>"
    yield "<h4>Answers</h4><dl>"
    problems = [status for status, answer in operation["responses"].items() if "$ref" in answer]
    for status, answer in operation["responses"].items():
        if status not in problems:
            yield f"<dt>{status}</dt><dd>{_prose(answer['description'])}"
            yield f"<ul>{_contents(answer['content'])}</ul></dd>" if answer.get("content") else "</dd>"
    if problems:
        yield f"<dt>{', '.join(problems)}</dt><dd>A problem: {_link('Problem')}</dd>"
    yield "</dl></article>"


def _shape(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield f'<article id="shape-{escape(name)}"><h3>{escape(name)}</h3>'
    if "description" in schema:
        yield f"<p>{_prose(schema['description'])}</p>"
    if not schema.get("properties"):
        yield f"<p>{_kind(schema)}</p></article>"
        return
    yield "<dl>"
    for member, inside in schema["properties"].items():
        must = " <span>required</span>" if member in schema.get("required", ()) else ""
        yield f"<dt><code>{escape(member)}</code>{must}</dt>"
        yield f"<dd>{_prose(inside.get('description', ''))} {_kind(inside)}</dd>"
    yield "</dl></article>"


def _contents(content: Mapping[str, Any]) -> str:
    return "".join(
        f"<li><code>{escape(kind)}</code> {_kind(inside.get('x-item-schema') or inside['schema'])}</li>"
        for kind, inside in content.items()
    )


def _kind(schema: Mapping[str, Any]) -> str:
    """What a value may be, in a few words; a shape is a link."""
    if "$ref" in schema:
        return _link(schema["$ref"].rpartition("/")[2])
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(map(_kind, choices))
    if "enum" in schema or "const" in schema:
        return ", ".join(f"<code>{escape(str(one))}</code>" for one in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    rules = {"minimum": "from", "maximum": "to", "maxLength": "characters at most", "default": "default"}
    told = [f"{says} {escape(str(schema[name]))}" for name, says in rules.items() if schema.get(name) not in (None, "")]
    named = escape(str(schema.get("format") or schema.get("type") or "object"))
    return f"<em>{named}</em>" + (f" ({', '.join(told)})" if told else "")


def _link(name: str) -> str:
    return f'<a href="#shape-{escape(name)}">{escape(name)}</a>'


def _prose(text: str) -> str:
    """A text with its `code`."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


_ANSWERS = {HTTPStatus.OK: Answer("The page.", None, ("text/html",))}
ROUTES = (Route("GET", "/docs", docs, subject="", scope=None, answers=_ANSWERS, query=None),)
