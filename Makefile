# The commands of CONTRIBUTING.md. A fresh machine needs only Go and make.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
BIN := bin/latchkey
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

.PHONY: help build run deps generate fmt vet lint alerts test check check-fast cover mutate fuzz bench

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## bin/latchkey, static
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o $(BIN) ./cmd/latchkey

run: build ## build, then start `latchkey dev`
	$(BIN) dev

deps: ## what the tests need: PostgreSQL, Redis, Chromium, Node and others
	@scripts/deps

generate: ## what is written by programs: embedded files, and tables in docs/
	go generate ./...
	go test ./config -run Documentation -update
	go test ./test/securitydoc -update

# A slow machine makes tests slow, never red: nothing but a test that hangs takes
# this long.
TIMEOUT := -timeout 2h

# What measures, or counts seconds of an outage, runs alone after all others: see
# test/alone and test/faults.
ALONE := ./test/alone/... ./test/faults/...
TOGETHER := $$(go list ./... | grep -v -e /test/alone -e /test/faults)

test: deps ## every test
	go test $(TIMEOUT) $(TOGETHER)
	go test $(TIMEOUT) -p 1 $(ALONE)

# SQLite is C that was translated to Go: its memory is its own, not Go's, so that
# the race detector sees nothing there and takes half of the time of all tests.
RACE := -race '-gcflags=modernc.org/sqlite/lib=-race=false -d=checkptr=0' '-gcflags=modernc.org/libc=-race=false -d=checkptr=0'

# The walks through every state of a sign-in run one after the other: the race
# detector finds nothing there, and takes minutes.
WALKS := TestPA5_

check: fmt vet lint alerts deps ## what CI runs: format, vet, lint, then every test with the race detector
	go test $(RACE) -shuffle=on $(TIMEOUT) -skip '$(WALKS)' $(TOGETHER)
	go test $(TIMEOUT) -run '$(WALKS)' ./login/...
	go test $(TIMEOUT) -p 1 $(ALONE)

# What crosses packages takes browsers, nodes and minutes; of it only the rules of
# the house are looked at.
FAST := $$(go list ./... | grep -v -e '/test$$' -e /test/ -e /internal/testenv -e /ephemeral/redis) ./test/securitydoc

check-fast: fmt vet lint ## before each commit: format, vet, lint, and the tests that need no server
	go test -short $(TIMEOUT) -run Import ./test
	go test -short $(TIMEOUT) $(FAST)

cover: ## which lines the tests of each package reach: cover.html
	go test -short $(TIMEOUT) -coverprofile cover.out $(FAST)
	go tool cover -html cover.out -o cover.html
	@go tool cover -func cover.out | tail -1

mutate: ## remove each check that a requirement rests on: some test must fail
	go run ./test/mutate

FUZZTIME ?= 30s
fuzz: ## every fuzz test, each for FUZZTIME
	@scripts/fuzz $(FUZZTIME)

bench: build deps ## the measured table of docs/performance.md
	go run ./test/load -binary $(BIN)

fmt:
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "run gofmt -w on:"; echo "$$unformatted"; exit 1; }

vet:
	go vet ./...

lint:
	@scripts/lint

alerts: ## fire each alert of deploy/alerts at its first occurrence
	@scripts/alerts
