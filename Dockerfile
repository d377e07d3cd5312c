# Listener, pages, feeds and commands. Their state is in /data: mount a volume there, the rest is
# read-only. A test runs these steps without an engine (tests/deploy/image/).
FROM python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b AS build

ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /app
COPY requirements.txt ./
RUN python -m venv /opt/venv \
    && /opt/venv/bin/python -m pip install --require-hashes -r requirements.txt

# What is not named in .dockerignore.
COPY . ./
RUN python -m compileall -q . \
    && chmod -R a+rX . /opt/venv

FROM python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
# The link: paths under data/ mean the volume, too.
RUN install -d -o 10001 -g 10001 -m 0750 /data \
    && ln -s /data /app/data

# /dev/shm stays writable under a read-only root; gunicorn keeps its heartbeat files there.
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 \
    PORT=5000 \
    DATABASE_URL=sqlite:////data/shark_dashboard.db \
    SPOOL_DIR=/data/spool \
    TMPDIR=/dev/shm

# A number, so that Kubernetes can see that it is not root.
USER 10001:10001
VOLUME /data
EXPOSE 5000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as http; http.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', timeout=4)"]
# ON_DATABASE_DOWN is 503 unless a volume is mounted for the spool.
ENTRYPOINT ["python", "deploy/entrypoint.py"]
