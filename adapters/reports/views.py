"""The views that queries and reports stand on, in DuckDB's SQL: each a table of what the log's lines say.

`docs/queries.md` describes their columns, and a test compares. They are read from the lines whenever they are asked
for, and of each line only the members that a query needs. Times are UTC; sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Mapping

SOURCE = "abbylog://events"
"""The name under which the database finds the lines; there is no other file that it can open."""
MOST_LINE_BYTES = 16_777_216

_FILE = 'STRUCT("user" VARCHAR, "name" VARCHAR, "bytes" BIGINT)'
_LIMITS = (
    "STRUCT(user_bytes BIGINT, pool_bytes BIGINT, daily BIGINT, gen_bytes BIGINT, moderated_free BOOLEAN, "
    "windows MAP(VARCHAR, BIGINT), unenforced VARCHAR[])"
)
_DRAWS = 'STRUCT("grant" VARCHAR, unit VARCHAR, amount BIGINT)[]'
MEMBERS: Mapping[str, str] = {
    **dict.fromkeys(("at", "expires_at", "until", "was", "now"), "TIMESTAMP"),
    **dict.fromkeys(("user", "by", "origin", "reservation", "operation", "style"), "VARCHAR"),
    **dict.fromkeys(("provider", "model", "reason"), "VARCHAR"),
    **dict.fromkeys(("name", "sha256", "media_type", "staged", "command", "preference", "value", "source"), "VARCHAR"),
    **dict.fromkeys(("count", "delivered", "refunded"), "INTEGER"),
    **dict.fromkeys(("bytes_each", "bytes", "replaced_bytes", "width", "height", "freed_bytes"), "BIGINT"),
    **dict.fromkeys(("older_than_days", "used", "held", "most"), "BIGINT"),
    "percent": "INTEGER",
    "limit": "BIGINT",
    **dict.fromkeys(("limit_name", "begins", "guild"), "VARCHAR"),
    **dict.fromkeys(("seconds", "credits"), "DOUBLE"),
    "seed": "HUGEINT",
    **dict.fromkeys(("tier", "place"), "VARCHAR"),
    **dict.fromkeys(("groups", "providers", "models", "operations"), "VARCHAR[]"),
    **dict.fromkeys(("weight", "waiting"), "INTEGER"),
    **dict.fromkeys(("temp", "last", "on"), "BOOLEAN"),
    **dict.fromkeys(("payer", "payee", "kind", "offer", "unit", "owner", "ask", "answer"), "VARCHAR"),
    **dict.fromkeys(("amount", "price", "image", "days"), "BIGINT"),
    **dict.fromkeys(("credits_each", "cost", "rollover", "priority"), "BIGINT"),
    **dict.fromkeys(("grant", "window"), "VARCHAR"),
    **dict.fromkeys(("drawn", "returned"), _DRAWS),
    "rollover_until": "TIMESTAMP",
    "asked": 'STRUCT("count" INTEGER, "bytes" HUGEINT, replaced_bytes BIGINT, credits BIGINT)',
    "limits": _LIMITS,
    "files": f"{_FILE}[]",
    "taken_in": "VARCHAR[]",
    "request": 'STRUCT("key" VARCHAR, digest VARCHAR)',
}
"""Every member that an event can have, with its type in the database; a test compares with the log's own forms."""


def _stored(data: str) -> str:
    columns = {"pos": "BIGINT", "batch": "BIGINT[]", "type": "VARCHAR", "tags": "VARCHAR[]", "data": data}
    spelled = ", ".join(f"{name}: '{kind}'" for name, kind in columns.items())
    return f"read_ndjson('{SOURCE}', columns = {{{spelled}}}, maximum_object_size = {MOST_LINE_BYTES})"


def _in_credits(thousandths: str) -> str:
    """Credits as exact decimals."""
    return f"CAST({thousandths} AS DECIMAL(18, 0)) * CAST(0.001 AS DECIMAL(4, 3))"


_DATA = "STRUCT({})".format(", ".join(f'"{name}" {kind}' for name, kind in MEMBERS.items()))
_EVERY = """
SELECT pos AS position, data."at" AS "time", CAST(data."at" AS DATE) AS "day", type, data."user" AS "user",
       data."by" AS actor, data.origin AS origin,
       CASE WHEN starts_with(data.origin, 'guild:') THEN substr(data.origin, 7) END AS guild"""
_LIMIT_NAME = """CASE data.reason WHEN 'DAILY_LIMIT' THEN 'user/day/generations' WHEN 'USER_STORAGE' THEN 'user/storage'
            WHEN 'POOL_STORAGE' THEN 'pool/storage' ELSE data."window" END AS limit_name"""
_REFUSED = f"""{_EVERY}, data.reason AS reason, data.command AS command, data.style AS style,
       data.asked."count" AS asked_places, data.asked.bytes AS asked_bytes, data."limit" AS allowed,
       data.used AS used, data.held AS held, {_LIMIT_NAME},
       {_in_credits("coalesce(data.asked.credits, 0)")} AS asked_credits, data.provider AS provider,
       data.model AS model"""
"""A request that a limit refused, or would have; what is allowed, used and held of credits is in thousandths."""
NO_STYLE = "(none)"
"""Asked for without a style. No style is called so."""
_RESERVED = f"""reserved AS (
    SELECT position, "time", "day", "user", guild, actor, origin, operation, reservation, places, bytes_each,
           expires_at, coalesce(style, CASE WHEN position > min(position) FILTER (style IS NOT NULL) OVER ()
                                            THEN '{NO_STYLE}' END) AS style
    FROM events WHERE type = 'GenerationReserved'
)"""  # noqa: S608 - texts of this module alone
"""What was asked for, with its style. That there was none is known once the log has any; before that it is null."""

VIEWS: Mapping[str, str] = {
    "lines": f"SELECT pos AS position, type, tags, data FROM {_stored('JSON')}",  # noqa: S608 - texts of this module alone
    "events": f"""{_EVERY}, data.reservation AS reservation, data.operation AS operation, data.style AS style,
       data."count" AS places, data.delivered AS delivered, data.reason AS reason, data.refunded AS refunded,
       data.bytes_each AS bytes_each, data.expires_at AS expires_at, data.provider AS provider, data.model AS model,
       data.seconds AS seconds, coalesce(data.cost / 1000, data.credits) AS credits,
       {_in_credits("data.cost")} AS cost, data.seed AS seed, data."name" AS "name", data.bytes AS bytes,
       data.replaced_bytes AS replaced_bytes, data.sha256 AS sha256, data.media_type AS media_type,
       data.width AS width, data.height AS height, data.temp AS temp, data.files AS files,
       data.freed_bytes AS freed_bytes, data.limits AS limits, data.until AS until, data.preference AS preference,
       data."value" AS "value", data.was AS was, data."now" AS corrected_to, data.request."key" AS request_key
FROM {_stored(_DATA)}""",
    "generations": f"""
WITH {_RESERVED}, outcomes AS (
    SELECT reservation,
           sum(places) FILTER (type = 'GenerationCompleted') AS made,
           count(*) FILTER (type = 'ImageSaved') AS kept,
           sum(places) FILTER (type = 'GenerationReleased') AS released,
           sum(refunded) FILTER (type = 'GenerationReleased') AS refunded,
           max_by(reason, position) FILTER (type = 'GenerationReleased') AS release_reason,
           sum(bytes) FILTER (type = 'ImageSaved') AS bytes,
           sum(credits) FILTER (type IN ('GenerationCompleted', 'GenerationReleased')) AS credits,
           sum(cost) AS cost,
           sum(seconds) FILTER (type = 'GenerationCompleted') AS seconds,
           coalesce(max_by(provider, position) FILTER (type = 'GenerationCompleted'),
                    max_by(provider, position) FILTER (type = 'GenerationReleased')) AS provider,
           max_by(model, position) FILTER (type = 'GenerationCompleted') AS model,
           min("time") FILTER (type = 'GenerationCompleted') AS first_made_at,
           max("time") FILTER (type IN ('ImageSaved', 'GenerationReleased')) AS ended_at
    FROM events
    WHERE reservation IS NOT NULL AND type IN ('GenerationCompleted', 'GenerationReleased', 'ImageSaved')
    GROUP BY reservation
)
SELECT position, "time", "day", "user", guild, actor, origin, operation, style, reservation, places, bytes_each,
       expires_at, coalesce(made, 0) AS made, coalesce(kept, 0) AS kept, coalesce(released, 0) AS released,
       coalesce(refunded, 0) AS refunded, places - coalesce(kept, 0) - coalesce(released, 0) AS open,
       release_reason, provider, model, seconds, credits, cost, coalesce(bytes, 0) AS bytes, first_made_at,
       CASE WHEN places = coalesce(kept, 0) + coalesce(released, 0) THEN ended_at END AS ended_at
FROM reserved LEFT JOIN outcomes USING (reservation)""",  # noqa: S608 - as above
    "images": f"""
WITH {_RESERVED}, styles AS (
    SELECT reservation, max_by(style, position) AS style FROM reserved GROUP BY reservation
), steps AS (
    SELECT position, "time", "day", type, "user", guild, actor, "name", lower("name") AS name_key, bytes,
           replaced_bytes, sha256, media_type, width, height, operation, temp, reservation, reason
    FROM events WHERE type IN ('ImageSaved', 'ImageDeleted')
    UNION ALL BY NAME
    SELECT position, "time", "day", type, file."user" AS "user", file."name" AS "name",
           lower(file."name") AS name_key, file.bytes AS bytes, true AS temp, 'cleanup' AS reason
    FROM (SELECT position, "time", "day", type, unnest(files) AS file FROM events WHERE type = 'CleanupCompleted')
), lives AS (
    SELECT *, lead(position) OVER life AS ended_position, lead("time") OVER life AS ended_at,
           lead(CASE WHEN type = 'ImageSaved' THEN 'replaced' ELSE reason END) OVER life AS ended_by
    FROM steps WINDOW life AS (PARTITION BY "user", temp, name_key ORDER BY position)
)
SELECT position, "time", "day", "user", guild, actor, "name", bytes, replaced_bytes, sha256, media_type, width, height,
       operation, style, temp, reservation, ended_position IS NULL AS stands, ended_position, ended_at, ended_by
FROM lives LEFT JOIN styles USING (reservation) WHERE type = 'ImageSaved'""",  # noqa: S608 - as above
    "refusals": f"""{_REFUSED}, data."last" AS is_last_recorded
FROM {_stored(_DATA)} WHERE type = 'RequestRefused'""",
    "exceeded": f"{_REFUSED} FROM {_stored(_DATA)} WHERE type = 'LimitExceeded'",
    "grants": f"""
WITH told AS ({_EVERY}, data."grant" AS "grant", data.unit AS unit, data.amount AS amount, data.source AS source,
       data.reason AS reason, data.priority AS priority, data.expires_at AS expires_at, data.rollover AS rollover,
       data.rollover_until AS rollover_until, data.drawn AS drawn, data.returned AS returned
FROM {_stored(_DATA)}
WHERE type IN ('GrantGiven', 'GrantVoided', 'GenerationReserved', 'GenerationCompleted', 'GenerationReleased')
), given AS (
    SELECT * EXCLUDE (drawn, returned, type),
           coalesce(lead(position) OVER (PARTITION BY "user", "grant" ORDER BY position), 9223372036854775807) AS until
    FROM told WHERE type = 'GrantGiven'
), voids AS (
    SELECT position, "time", "user", "grant" FROM told WHERE type = 'GrantVoided'
), draws AS (
    SELECT position, "time", "user", draw."grant" AS "grant", draw.amount AS drawn, 0 AS returned
    FROM (SELECT position, "time", "user", unnest(drawn) AS draw FROM told)
    UNION ALL SELECT position, "time", "user", draw."grant", 0, draw.amount
    FROM (SELECT position, "time", "user", unnest(returned) AS draw FROM told)
), counted AS (
    SELECT given.position AS position, sum(draws.drawn) AS drawn, sum(draws.returned) AS returned,
           sum(draws.drawn - draws.returned) FILTER (expires_at IS NULL OR draws."time" < expires_at) AS before_the_end
    FROM given JOIN draws ON draws."user" = given."user" AND draws."grant" = given."grant"
         AND draws.position > given.position AND draws.position < given.until
    GROUP BY ALL
), ended AS (
    SELECT given.position AS position, min(voids."time") AS voided_at
    FROM given JOIN voids ON voids."user" = given."user" AND voids."grant" = given."grant"
         AND voids.position > given.position AND voids.position < given.until
    GROUP BY ALL
), present AS (SELECT max(data."at") AS at_last FROM {_stored(_DATA)}), balances AS (
    SELECT given.*, voided_at, at_last, coalesce(counted.drawn, 0) AS drawn, coalesce(returned, 0) AS returned,
           amount - coalesce(before_the_end, 0) AS at_its_end
    FROM given LEFT JOIN counted USING (position) LEFT JOIN ended USING (position) CROSS JOIN present
), settled AS (
    SELECT *, coalesce(expires_at <= at_last, false) AS is_over,
           CASE WHEN expires_at <= at_last THEN greatest(0, at_its_end - rolled) ELSE 0 END AS lapsed
    FROM (SELECT *, least(at_its_end, coalesce(rollover, 0)) AS rolled FROM balances)
)
SELECT position, "time", "day", "user", guild, actor, origin, "grant", unit, source, reason, amount, drawn, returned,
       CASE WHEN voided_at IS NOT NULL OR (is_over AND coalesce(rollover_until <= at_last, true)) THEN 0
            ELSE amount - drawn + returned - lapsed END AS "left",
       lapsed, coalesce(priority, 0) AS priority, expires_at, rollover_until, voided_at
FROM settled""",  # noqa: S608 - as above
    "limits": """
WITH changes AS (
    SELECT position, "time", type, "user", actor, origin, reason, until,
           limits.user_bytes AS user_bytes, limits.pool_bytes AS pool_bytes, limits.daily AS daily,
           limits.gen_bytes AS reserved_bytes, limits.moderated_free AS moderated_free
    FROM events WHERE type IN ('PolicyChanged', 'LimitsOverridden')
)
SELECT position, "time", "user", user_bytes, pool_bytes, daily, reserved_bytes, moderated_free, actor, origin, reason,
       until, lead("time") OVER later AS replaced_at, lead(position) OVER later IS NULL AS stands
FROM changes WINDOW later AS (PARTITION BY type, "user" ORDER BY position)""",
    "facts": """
WITH told AS (
    SELECT position, "time", "day", type, "user", guild, reservation, operation, style, provider, places, refunded,
           reason, bytes, replaced_bytes, seconds, credits, "name",
           unnest(CASE WHEN type = 'CleanupCompleted' THEN files ELSE [NULL] END) AS file
    FROM events
    WHERE type IN ('GenerationReserved', 'GenerationCompleted', 'GenerationReleased', 'ImageSaved', 'ImageDeleted',
                   'RequestRefused', 'LimitExceeded', 'CleanupCompleted', 'DailyCountReset')
)
SELECT position, "time", "day", type, coalesce("user", file."user") AS "user", guild, reservation, operation, style,
       provider, coalesce("name", file."name") AS "name",
       CASE WHEN type = 'GenerationReserved' THEN places ELSE 0 END AS asked,
       CASE WHEN type = 'GenerationCompleted' THEN places ELSE 0 END AS made,
       CASE WHEN type = 'ImageSaved' AND reservation IS NOT NULL THEN 1 ELSE 0 END AS kept,
       CASE WHEN type = 'GenerationReleased' THEN places ELSE 0 END AS released,
       CASE WHEN type = 'GenerationReleased' THEN refunded ELSE 0 END AS refunded,
       CASE WHEN type = 'RequestRefused' THEN 1 ELSE 0 END AS refused,
       CASE WHEN type = 'LimitExceeded' THEN 1 ELSE 0 END AS exceeded,
       CASE WHEN type = 'DailyCountReset' THEN 1 ELSE 0 END AS resets,
       CASE WHEN type IN ('GenerationReleased', 'RequestRefused', 'LimitExceeded') THEN reason END AS reason,
       CASE WHEN type = 'ImageSaved' THEN bytes ELSE 0 END AS added_bytes,
       CASE WHEN type = 'ImageSaved' THEN replaced_bytes WHEN type = 'ImageDeleted' THEN bytes
            WHEN type = 'CleanupCompleted' THEN file.bytes ELSE 0 END AS removed_bytes,
       seconds, credits
FROM told""",
    "daily": """
WITH told AS MATERIALIZED (
    SELECT position, "day", type, "user", reservation, asked, made, kept, released, refunded, refused, exceeded, resets,
           added_bytes, removed_bytes, credits
    FROM facts
), reset AS (
    SELECT "user", "day", max(position) AS last_reset FROM told WHERE type = 'DailyCountReset' GROUP BY ALL
), refunds AS (
    SELECT reservation, sum(refunded) AS refunded FROM told WHERE type = 'GenerationReleased' GROUP BY reservation
), charges AS (
    SELECT told."user", told."day",
           sum(asked - coalesce(refunds.refunded, 0)) FILTER (position > coalesce(last_reset, 0)) AS counted,
           sum(refunds.refunded) AS refunded
    FROM told LEFT JOIN refunds USING (reservation) LEFT JOIN reset USING ("user", "day")
    WHERE type = 'GenerationReserved' GROUP BY ALL
), happened AS (
    SELECT "user", "day", sum(asked) AS asked, sum(resets) AS resets, sum(made) AS made, sum(kept) AS kept,
           sum(released) AS released, sum(refused) AS refused, sum(exceeded) AS exceeded,
           sum(added_bytes) AS added_bytes, sum(removed_bytes) AS removed_bytes, round(fsum(credits), 6) AS credits
    FROM told GROUP BY ALL
)
SELECT "day", "user", asked, coalesce(counted, 0) AS counted, coalesce(charges.refunded, 0) AS refunded, resets, made,
       kept, released, refused, exceeded, added_bytes, removed_bytes, credits
FROM happened LEFT JOIN charges USING ("user", "day")""",
    "points": f"""
WITH moved AS ({_EVERY}, data.payer AS payer, data.payee AS payee, data.amount AS amount, data.kind AS kind,
       data.reason AS reason, data.offer AS offer
FROM {_stored(_DATA)} WHERE type = 'PointsMoved'
), sides AS (
    SELECT *, payer AS account, payee AS other, -amount AS change FROM moved
    UNION ALL SELECT *, payee, payer, amount FROM moved
)
SELECT position, "time", "day", account, CASE WHEN starts_with(account, 'user:') THEN substr(account, 6) END AS "user",
       change, kind, other, reason, offer, actor, origin, guild
FROM sides""",  # noqa: S608 - as above
}
"""The text of each view by its name; a later one may stand on those before it."""
