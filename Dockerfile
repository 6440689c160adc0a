# Two images, neither with the emulator: the API (no dbt, the default) and the pipeline's job.
#   docker build -t sales-api .
#   docker build -t sales-pipeline --target pipeline .
# Both run as nobody, on a read-only file system. The API wants to know who may ask (api/README.md):
#   docker run --read-only -p 8080:8080 -e VENDAS_TARGET=cloud -e VENDAS_BUCKET=... \
#     -v ./keys:/keys:ro -e API_KEYS_FILE=/keys/api -e MODEL_PUBLIC_KEY_FILE=/keys/public.pem sales-api
# checkov:skip=CKV_DOCKER_2:Cloud Run and Vertex AI ask the health routes themselves
FROM python:3.11-slim-bookworm AS build
WORKDIR /app
RUN pip install --no-cache-dir uv==0.13.9 && python -m venv .venv

FROM build AS build-pipeline
COPY locks/pipeline.txt locks/pipeline.txt
RUN uv pip sync --python .venv/bin/python --require-hashes --compile-bytecode --no-cache locks/pipeline.txt
COPY dbt_project.yml profiles.yml ./
COPY models models
COPY macros macros
COPY seeds seeds
COPY tests/dbt tests/dbt
COPY terraform/schemas terraform/schemas
COPY cloud cloud
COPY ingest ingest
COPY export export
COPY pipeline pipeline
RUN .venv/bin/python -m compileall -q cloud ingest export pipeline

FROM build AS build-api
COPY locks/api.txt locks/api.txt
RUN uv pip sync --python .venv/bin/python --require-hashes --compile-bytecode --no-cache locks/api.txt
COPY terraform/schemas terraform/schemas
COPY cloud cloud
COPY ingest ingest
COPY export export
COPY api api
RUN .venv/bin/python -m compileall -q cloud ingest export api

FROM python:3.11-slim-bookworm AS pipeline
WORKDIR /app
COPY --from=build-pipeline /app /app
# What dbt and matplotlib write goes where something can be written.
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp \
    DBT_TARGET_PATH=/tmp/target DBT_LOG_PATH=/tmp/logs LOG_FORM=json
ARG CODE_COMMIT=""
ENV CODE_COMMIT=$CODE_COMMIT
USER 65534:65534
ENTRYPOINT ["python", "-m", "pipeline"]
CMD ["inbox"]

FROM python:3.11-slim-bookworm AS api
WORKDIR /app
COPY --from=build-api /app /app
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 PORT=8080 LOG_FORM=json
USER 65534:65534
EXPOSE 8080
ENTRYPOINT ["python", "-m", "api"]
