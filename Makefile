# The commands of CONTRIBUTING.md. A fresh machine needs only Go and make.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
BIN := bin/latchkey
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

.PHONY: help build run deps generate fmt vet lint alerts test check check-fast cover mutate fuzz bench
.PHONY: test-watched test-outside test-walks test-alone

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
	go test ./cmd/latchkey -run TestCommandsDocumentation -update
	go test ./test/securitydoc -update
	go test ./test/conformance -update

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

# SQLite is C that was translated to Go: its memory is its own, not Go's, so that the
# race detector sees nothing there and takes half of the time of all tests. Nodes are
# built alike: see internal/testenv.
UNSEEN := -race=false -d=checkptr=0
RACE := -race '-gcflags=modernc.org/sqlite/lib=$(UNSEEN)' '-gcflags=modernc.org/libc=$(UNSEEN)' '-gcflags=modernc.org/memory=$(UNSEEN)'

# The race detector watches the process of the test. What drives nodes, browsers and
# relying parties from outside gains nothing from it and takes five times as long, and
# what starts no goroutine and shares nothing as well (test/watched_test.go). Packages:
UNWATCHED := -e '/test$$' -e /test/ -e /internal/testenv -e '/access$$' -e '/account$$' -e /account/attribute -e /account/message -e /admin/ -e /eventfeed -e /metrics -e /smtp -e /sms -e /userimport -e '/config$$' -e /clientcert -e /internal/ident -e /internal/locale -e /internal/testbrowser -e /useragent -e '/login$$' -e /login/flow -e /login/partial -e /login/session -e /login/settings -e '/storage$$' -e '/ui$$' -e /ui/flash
OUTSIDE := $$(go list ./... | grep $(UNWATCHED) | grep -v -e /test/alone -e /test/faults)
WATCHED := $$(go list ./... | grep -v $(UNWATCHED))
# Tests of the other packages that walk alone, or run commands, and where they are:
WALKS := ^(TestScripts|TestAC2_AThousandReloadsUnderLoad|TestAC1_NoChangesGiveWhatExplainWouldRefuse|TestAD1_EveryDoorLeadsToTheSame|TestAD1_NoDoorOpensForOthers|TestWhatDestroysAsks|TestBL1_EveryEndOfASessionIsTold|TestPA5_RandomWalks|TestPA5_EveryStateAndEvent|TestQueryPlans|TestPgBouncerInTransactionMode|TestLG3_.*TamperedWith.*|TestPW1_VerifiersOfOtherSystems.*)$$
WALKED := ./cmd/latchkey ./login ./storage/sqlstore ./account/password
# Nodes and pages of which many ask the same thing at once do have it.
CROWDS := OfMany
CROWDS_OF_PAGES := ^(TestPA1_ManyRightCodes|TestPA1_ADoubleClick|TestPA1_OnePartialSignIn|TestTH2_FewOfMany)

# What `make check` builds is the same in every folder, so that a new clone finds it in
# the cache. A process that was watched waits no second for races after its last test.
CHECKING := GOFLAGS="$$(go env GOFLAGS) -trimpath" GORACE=atexit_sleep_ms=20

# Vet is part of lint, so that no test command does it again. What waits for the
# network or a browser leaves the cores to others meanwhile: three begin at once, what
# takes longest first.
check: deps fmt ## what CI runs: format, vet, lint, then every test, with the race detector where it sees anything
	@$(CHECKING) $(MAKE) --no-print-directory -j3 test-outside test-watched test-walks lint alerts
	@$(CHECKING) $(MAKE) --no-print-directory test-alone

test-outside:
	go test -vet=off -shuffle=on $(TIMEOUT) -skip '$(WALKS)' ./test/browser $(OUTSIDE)

test-watched:
	go test $(RACE) -vet=off -shuffle=on $(TIMEOUT) -skip '$(WALKS)' $(WATCHED)
	go test $(RACE) -vet=off $(TIMEOUT) -run '$(CROWDS_OF_PAGES)' ./login
	TEST_RACE_NODES=1 go test -vet=off $(TIMEOUT) -run '$(CROWDS)' ./test

test-walks:
	go test -vet=off $(TIMEOUT) -p 1 -run '$(WALKS)' $(WALKED)

test-alone:
	go test -vet=off $(TIMEOUT) -p 1 $(ALONE)

# What crosses packages takes browsers, nodes and minutes; of it only the rules of
# the house are looked at.
FAST := $$(go list ./... | grep -v -e '/test$$' -e /test/ -e /internal/testenv -e /ephemeral/redis) ./test/securitydoc

check-fast: fmt lint ## before each commit: format, vet, lint, and the tests that need no server
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
	go test ./admin/console -run TestPagesCostTheSame -v $(TIMEOUT) -people 1000000

fmt:
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "run gofmt -w on:"; echo "$$unformatted"; exit 1; }

vet:
	go vet ./...

lint: ## vet, and the linters of .golangci.yml
	@scripts/lint

alerts: deps ## fire each alert of deploy/alerts at its first occurrence
	@scripts/alerts
