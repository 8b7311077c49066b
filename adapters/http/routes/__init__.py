"""The routes by subject; each module lists its own in `ROUTES`."""

from __future__ import annotations

from adapters.http.routes import (
    admin,
    documentation,
    edits,
    explanations,
    generations,
    health,
    images,
    jobs,
    page,
    quota,
    reservations,
)

ALL_ROUTES = (
    *page.ROUTES,
    *documentation.ROUTES,
    *health.ROUTES,
    *generations.ROUTES,
    *edits.ROUTES,
    *jobs.ROUTES,
    *reservations.ROUTES,
    *images.ROUTES,
    *quota.ROUTES,
    *explanations.ROUTES,
    *admin.ROUTES,
)
