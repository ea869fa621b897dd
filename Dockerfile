# lineage in a container: `docker build -t lineage .`, then
#   docker run -d --name lineage -v lineage:/data -e HF_TOKEN lineage            crawls every day
#   docker exec lineage lineage count meta-llama/Llama-3.1-8B                    asks it
# docs/schedules.md says more.

FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY requirements.lock ./
# Every package of the lock, checked by its hash. The environment below takes of these wheels
# alone what lineage itself needs, so the tools of development stay behind.
# hadolint ignore=DL3013
RUN python -m pip wheel --no-cache-dir --no-deps --require-hashes \
      --requirement requirements.lock --wheel-dir /wheels \
 && python -m pip install --no-cache-dir --no-index --find-links /wheels hatchling
COPY pyproject.toml README.md LICENSE ./
COPY lineage ./lineage
RUN python -m pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
 && python -m venv /opt/lineage \
 && /opt/lineage/bin/python -m pip install --no-cache-dir --no-index --find-links /wheels \
      'llama-lineage[all]' \
 && /opt/lineage/bin/python -m compileall -q /opt/lineage/lib \
 && /opt/lineage/bin/lineage --version

FROM python:3.11-slim-bookworm
COPY --from=build /opt/lineage /opt/lineage
# The numbers stand in the printed Kubernetes manifest too.
RUN groupadd --gid 10001 lineage \
 && useradd --uid 10001 --gid lineage --no-create-home --home-dir /data lineage \
 && install -d -o lineage -g lineage /data
ENV PATH="/opt/lineage/bin:$PATH" \
    LINEAGE_STORE=/data/snapshots \
    LINEAGE_CACHE=/data/cache \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /data
VOLUME /data
# The program starts, and every published snapshot says what it holds. No network is asked.
HEALTHCHECK --interval=5m --timeout=60s --start-period=30s \
  CMD ["lineage", "snapshots", "list", "--format", "json"]
# The server of the same store: docker run -p 8000:8000 -v history:/data:ro IMAGE serve
ENV LINEAGE_HOST=0.0.0.0
EXPOSE 8000
ENTRYPOINT ["lineage"]
CMD ["schedule", "run", "--every", "24h"]
