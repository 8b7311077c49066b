# Abby Ledger in a container, with what reaches PostgreSQL and buckets: see docs/operations.md.
#   docker build -t abby-ledger .
#   docker run --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges --network host \
#     --stop-timeout 45 --env-file settings.env -v abby-data:/data abby-ledger
FROM python:3.13-slim AS build
WORKDIR /build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /venv
COPY requirements-servers.lock ./
RUN /venv/bin/pip install --require-hashes -r requirements-servers.lock
COPY pyproject.toml README.md LICENSE ./
COPY scripts/wheel.py scripts/wheel.py
COPY domain domain
COPY projections projections
COPY adapters adapters
RUN /venv/bin/pip install --no-deps --no-build-isolation .

FROM python:3.13-slim
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin abby \
    && install -d -o 10001 -g 10001 -m 0700 /data
COPY --from=build /venv /venv
ENV PYTHONDONTWRITEBYTECODE=1 STORAGE_ROOT=/data/root LOG_FORMAT=json
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/venv/bin/python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ.get('HTTP_PORT', '8080') + '/readyz', timeout=4)"]
ENTRYPOINT ["/venv/bin/abby"]
CMD ["serve"]
