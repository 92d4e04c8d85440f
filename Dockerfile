# syntax=docker/dockerfile:1
# The service in a slim image: hash-pinned dependencies, no pip, no root, nothing written outside
# /data, so it runs with a read-only file system (docker run --read-only -v fanzha:/data).

# Pin the base by digest: --build-arg PYTHON_IMAGE=python:3.13-slim-trixie@sha256:…
ARG PYTHON_IMAGE=python:3.13-slim-trixie

FROM ${PYTHON_IMAGE} AS build
WORKDIR /build
# adapters.lock has the packages of adapters, too.
ARG REQUIREMENTS=runtime.lock
COPY requirements/build.lock requirements/overwritten.awk requirements/${REQUIREMENTS} ./
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --no-cache-dir --disable-pip-version-check \
        --require-hashes --only-binary :all: -r build.lock \
    && python -m venv --without-pip /opt/fanzha \
    && /opt/build/bin/pip --python /opt/fanzha/bin/python install --no-cache-dir \
        --disable-pip-version-check --require-hashes --only-binary :all: -r ${REQUIREMENTS} \
    && awk -f overwritten.awk ${REQUIREMENTS} > overwritten.lock \
    && if [ -s overwritten.lock ]; then \
        /opt/build/bin/pip --python /opt/fanzha/bin/python install --no-cache-dir \
            --disable-pip-version-check --require-hashes --only-binary :all: --no-deps \
            --force-reinstall -r overwritten.lock; \
    fi
COPY pyproject.toml README.md LICENSE hatch_build.py ./
COPY kernels kernels
COPY fanzha fanzha
COPY infra infra
COPY blocklists blocklists
COPY classifiers classifiers
COPY services services
COPY integrations integrations
RUN /opt/build/bin/python -m hatchling build -t wheel -d /dist \
    && /opt/build/bin/pip --python /opt/fanzha/bin/python install --no-cache-dir \
        --disable-pip-version-check --no-deps --no-index /dist/*.whl

FROM ${PYTHON_IMAGE}
RUN groupadd --system --gid 10001 fanzha \
    && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin fanzha \
    && install -d -o fanzha -g fanzha -m 0700 /data
COPY --from=build /opt/fanzha /opt/fanzha
# Decisions and metrics are served to other machines, so TLS and identities have to be set, see
# deploy/compose/fanzha.yml, or FANZHA_DECISIONS_PLAINTEXT and FANZHA_METRICS_PLAINTEXT. List
# administration stays on loopback until FANZHA_ADMIN_HOST is set. With TLS, the health check needs
# FANZHA_TLS_CA and a certificate that names 127.0.0.1, and a client's where clients must show one.
ENV PATH=/opt/fanzha/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    FANZHA_DATA_DIR=/data \
    FANZHA_LISTEN_HOST=0.0.0.0 \
    FANZHA_METRICS_HOST=0.0.0.0
USER 10001:10001
WORKDIR /data
VOLUME ["/data"]
EXPOSE 7361 7362 7363 7364 7365 7366 7368
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["fanzha", "check", "health", "--target", "127.0.0.1:7361"]
ENTRYPOINT ["fanzha"]
# On its own: `docker run … up` brings an embedded Valkey; `serve` and `admin` need FANZHA_REDIS_URL.
CMD ["serve"]
