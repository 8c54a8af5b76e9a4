# A static binary in an image that holds nothing else and runs as nobody.
# docker build --build-arg VERSION=v1.2.3 .
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG VERSION=dev
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /latchkey ./cmd/latchkey

FROM scratch
ARG VERSION=dev
LABEL org.opencontainers.image.title=Latchkey org.opencontainers.image.version=${VERSION}
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /src/LICENSE /src/NOTICE /
COPY --from=build /latchkey /latchkey
ENV LATCHKEY_CONFIG=/etc/latchkey/latchkey.yaml
USER 65532:65532
EXPOSE 8080
# It asks whether the process lives: a database that is away is no reason to restart it.
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s CMD ["/latchkey", "healthcheck"]
ENTRYPOINT ["/latchkey"]
CMD ["serve"]
