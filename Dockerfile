# One image for migrate, api and jobs. Built from hash-locked requirements and from map-ui/ with its own lock.
FROM node:22-bookworm-slim AS pages
WORKDIR /map-ui
COPY map-ui/package.json map-ui/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY map-ui/ ./
RUN npm run build

FROM python:3.11-slim-bookworm AS packages
COPY requirements.lock /tmp/
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes --requirement /tmp/requirements.lock

FROM python:3.11-slim-bookworm
# pg_dump and pg_restore, for `backup` and `restore` from inside.
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home merkez \
    && install -d --owner=merkez --mode=0700 /state
COPY --from=packages /venv /venv
WORKDIR /merkez
COPY deploy/entrypoint.sh ./deploy/
COPY core ./core
COPY geo ./geo
COPY dispatch ./dispatch
COPY kades ./kades
COPY pts ./pts
COPY kgys ./kgys
COPY retention ./retention
COPY controlroom ./controlroom
COPY --from=pages /map-ui/dist ./map-ui/dist
ENV PATH=/venv/bin:/usr/local/bin:/usr/bin:/bin PYTHONPATH=/merkez PYTHONDONTWRITEBYTECODE=1 LANG=C.UTF-8
RUN python -m compileall -q /merkez
USER merkez
VOLUME /state
EXPOSE 8155
ENTRYPOINT ["/merkez/deploy/entrypoint.sh", "python", "-P", "-m"]
CMD ["controlroom", "--help"]
