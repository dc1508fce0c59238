# One image for the service, the scheduler and the worker.
FROM python:3.12-slim AS build
RUN pip install --no-cache-dir uv
WORKDIR /larder
COPY pyproject.toml uv.lock README.md LICENSE ./
COPY service service
COPY templates templates
RUN uv sync --locked --no-default-groups --extra s3 --no-editable

FROM python:3.12-slim
RUN useradd --system --create-home --uid 10001 larder \
    && mkdir -p /var/lib/larder/batches /var/lib/larder/runs /var/lib/larder/sftp \
        /var/lib/larder/erasures \
    && chown -R larder /var/lib/larder
COPY --from=build /larder/.venv /larder/.venv
ENV PATH="/larder/.venv/bin:$PATH" \
    NUMBA_CACHE_DIR=/tmp/numba \
    LARDER_OUTPUT_FOLDER=/var/lib/larder/batches \
    LARDER_RUNS_FOLDER=/var/lib/larder/runs \
    LARDER_ERASURE_LOG=/var/lib/larder/erasures/erasures.jsonl
USER larder
WORKDIR /var/lib/larder
ENTRYPOINT ["larder"]
CMD ["serve", "--host", "0.0.0.0"]
