# syntax=docker/dockerfile:1
# The service in a slim image: hash-pinned dependencies, no pip, no root, nothing written outside
# /data, so it runs with a read-only file system (docker run --read-only -v fanzha:/data).

FROM python:3.13-slim-trixie AS build
WORKDIR /build
# adapters.lock has the packages of adapters, too.
ARG REQUIREMENTS=runtime.lock
COPY requirements/build.lock requirements/${REQUIREMENTS} ./
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --no-cache-dir --disable-pip-version-check \
        --require-hashes --only-binary :all: -r build.lock \
    && python -m venv --without-pip /opt/fanzha \
    && /opt/build/bin/pip --python /opt/fanzha/bin/python install --no-cache-dir \
        --disable-pip-version-check --require-hashes --only-binary :all: -r ${REQUIREMENTS}
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

FROM python:3.13-slim-trixie
RUN groupadd --system --gid 10001 fanzha \
    && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin fanzha \
    && install -d -o fanzha -g fanzha -m 0700 /data
COPY --from=build /opt/fanzha /opt/fanzha
# Decisions and metrics are served to other machines. List administration stays on loopback until
# whoever runs it sets FANZHA_ADMIN_HOST, which needs FANZHA_TLS_CERTIFICATE and FANZHA_TLS_KEY. With
# these, the health check needs FANZHA_TLS_CA, and a certificate that names 127.0.0.1.
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
