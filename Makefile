# SPDX-License-Identifier: GPL-2.0-or-later
#
# The only entry point: build, check, run, bench, install. `make help` lists the targets.

BUILD ?= build
CC    ?= gcc
V     ?= 0
PREFIX ?= /usr/local

all: $(BUILD)/vise $(BUILD)/visectl $(BUILD)/vise-init

include tools/packages.mk
include tools/build.mk
include tools/check.mk
include tools/docs.mk
include tools/bench.mk

help:
	@sed -n 's/^##  */  make /p' $(MAKEFILE_LIST)

## clean           removes the build, keeps downloads (build/cache)
clean:
	@find $(BUILD) -mindepth 1 -maxdepth 1 ! -name cache -exec rm -rf {} + 2>/dev/null || true

## install         programs, man pages and completion below PREFIX (DESTDIR honoured)
install: all docs
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/vise $(DESTDIR)$(PREFIX)/share/man/man1 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install $(BUILD)/vise $(BUILD)/visectl $(DESTDIR)$(PREFIX)/bin/
	install $(BUILD)/vise-init $(DESTDIR)$(PREFIX)/lib/vise/
	install -m 644 docs/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 644 docs/completion/vise.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/vise

.PHONY: all help clean install
.DELETE_ON_ERROR:
