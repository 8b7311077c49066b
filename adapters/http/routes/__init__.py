"""The routes by subject; each module lists its own in `ROUTES`."""

from __future__ import annotations

from adapters.http.routes import (
    admin,
    documentation,
    explanations,
    generations,
    health,
    images,
    page,
    quota,
    thumbnails,
)

ALL_ROUTES = (
    *page.ROUTES,
    *documentation.ROUTES,
    *health.ROUTES,
    *generations.ROUTES,
    *images.ROUTES,
    *thumbnails.ROUTES,
    *quota.ROUTES,
    *explanations.ROUTES,
    *admin.ROUTES,
)
