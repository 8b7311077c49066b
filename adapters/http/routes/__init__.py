"""The routes by subject; each module lists its own in `ROUTES`."""

from __future__ import annotations

from adapters.http.routes import (
    admin,
    discord_session,
    documentation,
    edits,
    events,
    explanations,
    generations,
    health,
    history,
    images,
    jobs,
    listing,
    metrics,
    openai,
    page,
    quota,
    reports,
    reservations,
    session,
    thumbnails,
)

ALL_ROUTES = (
    *page.ROUTES,
    *documentation.ROUTES,
    *health.ROUTES,
    *session.ROUTES,
    *discord_session.ROUTES,
    *metrics.ROUTES,
    *generations.ROUTES,
    *edits.ROUTES,
    *jobs.ROUTES,
    *reservations.ROUTES,
    *images.ROUTES,
    *listing.ROUTES,
    *thumbnails.ROUTES,
    *quota.ROUTES,
    *history.ROUTES,
    *explanations.ROUTES,
    *events.ROUTES,
    *reports.ROUTES,
    *admin.ROUTES,
    *openai.ROUTES,
)
