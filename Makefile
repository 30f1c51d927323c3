# Latchkey is one Go module; these are the ceremonies around it.
#
#   make test      everything: set-up, vet, all tests, the racy packages under the race detector
#   make lint      golangci-lint, gofmt and the check that generated code is current
#   make build     bin/latchkey, static
#   make preview   every page and mail with sample data, in a browser
#   make screenshots  the pictures of README and docs, taken anew
#   make generate  templ components and whatever go:generate names
#   make soak      the long statistics: race rounds, mutated requests, timing (an hour)
#   make bench     what a sign-in and the calls of applications cost, into build/bench.md
#   make vuln      known vulnerabilities of what the binary holds (needs the network)

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := build

GO    ?= go
TOOL  := $(GO) tool -modfile=tools/go.mod
# Packages whose tests race on purpose.
RACE  := ./internal/store/... ./internal/flow/... ./internal/actiontoken/... ./internal/outbox/... \
         ./internal/realm/... ./internal/login/...
SOAK_TIME ?= 60m
BENCH ?=

.PHONY: build test setup vet lint fmt generate current soak bench preview screenshots vuln clean

build: ## one static binary
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w" -o bin/latchkey ./cmd/latchkey

setup: ## Chromium, PostgreSQL, Node.js and the JavaScript packages of the tests
	@scripts/setup.sh

vet:
	$(GO) vet ./...

test: setup vet ## the whole ceremony
	@mkdir -p build
	@$(GO) build -o build/testlog ./scripts/testlog
	$(GO) test -json -timeout 15m ./... 2>&1 | build/testlog
	@if command -v $${CC:-gcc} >/dev/null; then \
		echo 'and again what may race, under the race detector'; \
		$(GO) test -json -timeout 15m -race $(RACE) 2>&1 | build/testlog; \
	else \
		echo 'without a C compiler there is no race detector: that part is skipped'; \
		[ -z "$${CI:-}" ]; \
	fi

lint: fmt current
	$(TOOL) golangci-lint run ./...

fmt: ## fails when a file is not as gofmt writes it
	@files=$$(git ls-files -co --exclude-standard '*.go' | xargs -r gofmt -l); \
	if [ -n "$$files" ]; then printf 'not as gofmt writes it:\n%s\n' "$$files"; exit 1; fi

generate: ## components and generated Go code
	$(TOOL) templ generate -log-level error
	$(GO) generate ./...

current: ## fails when generated code is not what its sources give
	@scripts/current.sh

soak:
	LK_SOAK=1 $(GO) test -timeout $(SOAK_TIME) -count=1 ./...

bench: build
	$(GO) run ./bench -binary bin/latchkey -out build/bench.md $(BENCH)

preview:
	$(GO) run ./cmd/preview

screenshots: ## the pictures that README and docs show; needs the ports of dev
	LK_SHOTS=$(CURDIR)/docs/img $(GO) test -tags screenshots -count=1 -run '^Test(Console)?Pictures$$' ./internal/browsertest

vuln:
	$(TOOL) govulncheck ./...

clean:
	rm -rf bin build
