"""The routes by subject; each module lists its own in `ROUTES`."""

from __future__ import annotations

from adapters.http.routes import admin, documentation, explanations, generations, health, images, metrics, page, quota

ALL_ROUTES = (
    *page.ROUTES,
    *documentation.ROUTES,
    *health.ROUTES,
    *metrics.ROUTES,
    *generations.ROUTES,
    *images.ROUTES,
    *quota.ROUTES,
    *explanations.ROUTES,
    *admin.ROUTES,
)
