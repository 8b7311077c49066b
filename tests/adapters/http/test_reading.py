"""The page at `/docs` tells all of the document, needs no script, and nothing that this service does not have."""

from __future__ import annotations

import re
from itertools import pairwise

from adapters.http.routes import ALL_ROUTES
from adapters.http.routes.reading import page_of
from tests.adapters.http.conftest import Serve
from tests.adapters.http.promised import DOCUMENT

PAGE = page_of(ALL_ROUTES)


def test_each_route_is_told_with_its_scope_parameters_body_and_answers() -> None:
    """As the document has them."""
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            told = PAGE.split(f'<article id="{operation["operationId"]}">')[1].split("</article>")[0]
            assert f"{method.upper()} {path}" in told
            assert f"<strong>{operation['x-scope']}</strong>" in told
            assert [one["name"] for one in operation["parameters"] if f"<code>{one['name']}</code>" not in told] == []
            assert ("<h4>Body</h4>" in told) is ("requestBody" in operation)
            assert [status for status in operation["responses"] if status not in told] == []


def test_every_shape_is_there_and_every_link_leads_to_one_place() -> None:
    """Within the page, where an id stands once."""
    ids = re.findall(r'\bid="([^"]+)"', PAGE)
    assert len(set(ids)) == len(ids)
    assert {f"shape-{name}" for name in DOCUMENT["components"]["schemas"]} <= set(ids)
    assert set(re.findall(r'href="#([^"]+)"', PAGE)) <= set(ids)


def test_the_page_has_no_script_no_style_of_its_own_and_nothing_from_elsewhere() -> None:
    """And its headings go down by single steps, for who hears it."""
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|javascript:|(?:src|href)=\"(?:https?:)?//", PAGE)
    levels = [int(level) for level in re.findall(r"<h([1-6])", PAGE)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


async def test_anybody_may_read_it_under_a_policy_that_runs_nothing(serve: Serve) -> None:
    """Where all else needs a token, too; what it asks for is served."""
    service = await serve(needs_token=True)
    answer = await service.ask("GET", "/docs")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    for file in re.findall(r'href="(/page/[^"]+)"', answer.body.decode()):
        assert (await service.ask("GET", file)).status == 200
