"""The routes by subject; each module lists its own in `ROUTES`."""

from __future__ import annotations

from adapters.http.routes import (
    admin,
    archives,
    bulk,
    documentation,
    explanations,
    generations,
    health,
    images,
    listing,
    page,
    quota,
    thumbnails,
)

ALL_ROUTES = (
    *page.ROUTES,
    *documentation.ROUTES,
    *health.ROUTES,
    *generations.ROUTES,
    *bulk.ROUTES,
    *archives.ROUTES,
    *images.ROUTES,
    *listing.ROUTES,
    *thumbnails.ROUTES,
    *quota.ROUTES,
    *explanations.ROUTES,
    *admin.ROUTES,
)
