# The controller and the command line, for AWS; for Google Cloud, or for both:
#
#   docker build -t ingress-provisioner .
#   docker build -t ingress-provisioner --build-arg CLOUDS=gcp .
#   docker build -t ingress-provisioner --build-arg CLOUDS=aws,gcp .
#
# requirements.txt pins the packages of every extra; here it only constrains the versions of the few
# that are installed. Bytecode is compiled while building: the file system is read-only when this
# runs, and compiling at every start would cost seconds.
FROM python:3.11-slim AS build
WORKDIR /src
COPY pyproject.toml requirements.txt README.md LICENSE ./
COPY provisioner provisioner
COPY providers providers
RUN pip install --no-cache-dir --constraint requirements.txt hatchling \
 && pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels .
ARG CLOUDS=aws
RUN python -m venv /opt/provisioner \
 && /opt/provisioner/bin/pip install --no-cache-dir --no-compile --constraint requirements.txt \
      "ingress-provisioner[${CLOUDS}] @ file://$(ls /wheels/*.whl)" \
 && /opt/provisioner/bin/pip uninstall --yes setuptools pip \
 && python -m compileall -q -j 0 /opt/provisioner/lib

FROM python:3.11-slim
COPY --from=build /opt/provisioner /opt/provisioner
ENV PATH=/opt/provisioner/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# A number, so that Kubernetes can see that it is not root. It has no home and needs none.
USER 65532:65532
ENTRYPOINT ["provisioner"]
CMD ["--help"]
