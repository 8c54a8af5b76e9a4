# The commands of CONTRIBUTING.md. A fresh machine needs only Go and make.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
BIN := bin/latchkey
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
GOFILES := $(shell git ls-files '*.go' 2>/dev/null)

.PHONY: run build test check bench deps fmt vet lint

build: ## bin/latchkey, static
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o $(BIN) ./cmd/latchkey

run: build ## build, then start `latchkey dev`
	$(BIN) dev

deps: ## what the tests need: PostgreSQL, Redis, Chromium, Node
	@scripts/deps

test: deps ## every test
	go test ./...

check: fmt vet lint deps ## what CI runs: format, vet, lint, then every test with the race detector
	go test -race -timeout 20m ./...

fmt:
	@unformatted=$$(gofmt -l $(GOFILES)); test -z "$$unformatted" || { echo "run gofmt -w on:"; echo "$$unformatted"; exit 1; }

vet:
	go vet ./...

lint:
	@scripts/lint

bench: build deps ## the measured table of docs/performance.md
	go run ./test/load -binary $(BIN)
