# Shuke in a container: built with Node, run without. Nothing of it runs as root.
FROM python:3.11-slim-bookworm AS wheel
RUN apt-get update && apt-get install --yes --no-install-recommends make nodejs npm && rm -r /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN make wheel

FROM python:3.11-slim-bookworm
RUN useradd --system --create-home --home-dir /srv/shuke --uid 10001 shuke \
    && install -d -o shuke -g shuke -m 0700 /srv/shuke/data
COPY requirements/uv.lock requirements/run.lock /build/requirements/
COPY --from=wheel /src/dist/*.whl /build/dist/
RUN pip install --no-cache-dir --require-hashes -r /build/requirements/uv.lock \
    && uv pip install --system --no-cache --require-hashes -r /build/requirements/run.lock \
    && uv pip install --system --no-cache --no-deps /build/dist/*.whl \
    && pip uninstall --yes uv && rm -r /build
USER shuke
WORKDIR /srv/shuke
ENV SHUKE_HOME=/srv/shuke/data SHUKE_LOG=json PYTHONUNBUFFERED=1
VOLUME /srv/shuke/data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["shuke"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
