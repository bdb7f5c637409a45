# The two commands are `make run` and `make test`; everything CI does is a target here. Logic lives in scripts/.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# A freshly installed rustup is on the PATH of the next login only.
export PATH := $(PATH):$(HOME)/.cargo/bin
TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
export VIGIE_BIN := $(TARGET)/debug/vigie

.PHONY: help run test check bless bench release demo-reset judge clean-var setup setup-check setup-test build web web-check web-e2e screenshots

help: ## This list
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

run: setup web build ## Install what is missing, build and start Vigie with the demo town
	@exec $(VIGIE_BIN) run

test: setup-test web web-check build ## Every test, then the outside judges and the apps in a browser
	cargo test --workspace --no-fail-fast
	scripts/judge.sh
	scripts/web.sh e2e

check: setup-check web build ## Format, lints, documentation, openapi.yaml, links, licences, units and the package
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps
	$(VIGIE_BIN) openapi --check openapi.yaml
	scripts/check-links.sh
	scripts/check-licences.py
	scripts/check-units.sh
	scripts/check-package.sh

bless: setup-test web build ## Accept what the code says now: openapi.yaml and the committed snapshots
	$(VIGIE_BIN) openapi > $(TARGET)/openapi.yaml
	mv $(TARGET)/openapi.yaml openapi.yaml
	INSTA_UPDATE=always INSTA_FORCE_PASS=1 cargo test --workspace --no-fail-fast

release: setup web ## The program that a town installs, with the apps in it: target/release/vigie
	cargo build --locked --release -p vigie --bin vigie

bench: setup-test web build ## Measure; the tables are kept in bench/
	bench/run.sh

judge: setup-test build ## The outside judges of the API only
	scripts/judge.sh

demo-reset: clean-var ## Forget the demo town's reports; the next `make run` makes it anew
	@echo "The demo town starts again at the next make run."

clean-var: ## Remove the private database, photos, mails and keys
	@scripts/clean-var.sh

setup:
	@scripts/setup.sh run

setup-check:
	@scripts/setup.sh check

setup-test:
	@scripts/setup.sh test

web: ## The apps for the browser, in web/dist
	@scripts/web.sh build

web-check: ## Types, unit tests and licences of the apps
	@scripts/web.sh check

# The program after the apps: they are inside it.
web-e2e: web build ## The crew's app in Chromium against a server: a shift without network and a bad one, axe, keyboard
	@scripts/web.sh e2e

screenshots: web build ## Every screen of the crew's app at 820 and 1280 px, French and English, in web/screenshots
	@scripts/web.sh screenshots

# With the whole workspace selected the same dependency features are used everywhere: run, tests and lints build once.
build:
	cargo build --workspace --bin vigie
