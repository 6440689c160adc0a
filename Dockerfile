# The API alone: no dbt, no emulator, no compiler. `docker build -t sales-api .`
# It runs as nobody, on a read-only file system, and wants to know who may ask (api/README.md):
#   docker run --read-only -p 8080:8080 -e VENDAS_TARGET=cloud -e VENDAS_BUCKET=... \
#     -v ./keys:/keys:ro -e API_KEYS_FILE=/keys/api -e MODEL_PUBLIC_KEY_FILE=/keys/public.pem sales-api
FROM python:3.11-slim-bookworm AS build
WORKDIR /app
RUN pip install --no-cache-dir uv==0.13.9 && python -m venv .venv
COPY locks/api.txt locks/api.txt
RUN uv pip sync --python .venv/bin/python --require-hashes --compile-bytecode --no-cache locks/api.txt
COPY api api
COPY cloud cloud
COPY export export
RUN .venv/bin/python -m compileall -q api cloud export

FROM python:3.11-slim-bookworm
WORKDIR /app
COPY --from=build /app /app
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 PORT=8080 LOG_FORM=json
USER 65534:65534
EXPOSE 8080
ENTRYPOINT ["python", "-m", "api"]
