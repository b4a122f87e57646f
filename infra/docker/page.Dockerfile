# The web page. Built from the root of a checkout: docker build --file infra/docker/page.Dockerfile .
# It refuses to start on an address of others until people sign in; docs/guide/app.md says how.

FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /opt/stockstream
ENV PATH=/opt/stockstream/bin:$PATH
WORKDIR /build
COPY infra/docker/page.lock ./
RUN pip install --require-hashes --no-deps --only-binary :all: --requirement page.lock
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
RUN pip install --no-deps --no-build-isolation --no-index . \
    && pip uninstall --yes uv_build pip
# Compiled for any processor of this architecture, as the image of the jobs is.
ENV NUMBA_CPU_NAME=generic STOCKSTREAM_CACHE=/opt/stockstream/cache
RUN stockstream doctor --warm && chmod -R a+rX,a-w /opt/stockstream

FROM python:3.12-slim
COPY --from=build /opt/stockstream /opt/stockstream
ENV PATH=/opt/stockstream/bin:$PATH \
    NUMBA_CPU_NAME=generic \
    STOCKSTREAM_CACHE=/opt/stockstream/cache \
    STOCKSTREAM__RUNS=/data/runs \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# A number, because there is no such name.
RUN install -d -o 10001 -g 10001 /data
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8501
HEALTHCHECK --start-period=30s CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8501/api/health')"]
CMD ["stockstream", "app", "--address", "0.0.0.0", "--port", "8501"]
