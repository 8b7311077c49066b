"""The routes by subject; each module lists its own in `ROUTES`."""

from __future__ import annotations

from adapters.http.routes import (
    admin,
    discord_session,
    documentation,
    explanations,
    generations,
    health,
    images,
    page,
    quota,
    session,
)

ALL_ROUTES = (
    *page.ROUTES,
    *documentation.ROUTES,
    *health.ROUTES,
    *session.ROUTES,
    *discord_session.ROUTES,
    *generations.ROUTES,
    *images.ROUTES,
    *quota.ROUTES,
    *explanations.ROUTES,
    *admin.ROUTES,
)
