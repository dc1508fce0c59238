# One image for the service, the scheduler and the worker. BASE has no default: a release names it by
# its digest, and is refused otherwise.
#   docker build --build-arg BASE=python:3.12-slim@sha256:... --build-arg RELEASE=1 .
ARG BASE

FROM ${BASE} AS build
ARG BASE
ARG RELEASE=
RUN case "${RELEASE:+$BASE}" in \
      ""|*@sha256:*) ;; \
      *) echo "A release needs BASE by its digest, as python:3.12-slim@sha256:..." >&2; exit 1 ;; \
    esac
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /larder
COPY pyproject.toml uv.lock README.md LICENSE ./
COPY service service
COPY templates templates
# Nothing is compiled where the file system is read-only: without it every start takes twice as long.
RUN uv sync --locked --no-default-groups --extra s3 --extra traces --extra cluster --no-editable \
    --compile-bytecode

FROM ${BASE}
RUN useradd --system --create-home --uid 10001 larder \
    && mkdir -p /var/lib/larder/batches /var/lib/larder/runs /var/lib/larder/sftp \
        /var/lib/larder/erasures /var/lib/larder/history \
    && chown -R larder /var/lib/larder
COPY --from=build /larder/.venv /larder/.venv
ENV PATH="/larder/.venv/bin:$PATH" \
    PYTHONDONTWRITEBYTECODE=1 \
    NUMBA_CACHE_DIR=/tmp/numba \
    LARDER_OUTPUT_FOLDER=/var/lib/larder/batches \
    LARDER_RUNS_FOLDER=/var/lib/larder/runs \
    LARDER_HISTORY_STORE=/var/lib/larder/history \
    LARDER_ERASURE_LOG=/var/lib/larder/erasures/erasures.jsonl
USER larder
WORKDIR /var/lib/larder
ENTRYPOINT ["larder"]
CMD ["serve", "--host", "0.0.0.0"]
