# SPDX-License-Identifier: GPL-2.0-or-later
#
# The only entry point: build, check, run, bench, install. `make help` lists the targets.

BUILD ?= build
ifeq ($(origin CC),default)
CC := gcc
endif
V     ?= 0
PREFIX ?= /usr/local

# WITHOUT_SLIRP=1 leaves user networking out, which needs libslirp and libseccomp.
NET_HELPER := $(if $(WITHOUT_SLIRP),,$(BUILD)/vise-net)

all: $(BUILD)/vise $(BUILD)/visectl $(BUILD)/vise-init $(NET_HELPER)

include tools/packages.mk
include tools/build.mk
include tools/check.mk
include tools/micro.mk
include tools/docs.mk
include tools/bench.mk

help:
	@sed -n 's/^##  */  make /p' $(MAKEFILE_LIST)

## demo            boots a Debian kernel from an ext4 disk, here or in the lab: try this first
demo: deps
	@BUILD='$(BUILD)' CC='$(CC)' MAKE='$(MAKE)' MAKEFLAGS= tools/demo

## clean           removes the build; keeps downloads (build/cache) and what fuzzing found (build/corpus)
clean:
	@find $(BUILD) -mindepth 1 -maxdepth 1 ! -name cache ! -name corpus -exec rm -rf {} + 2>/dev/null || true

into = $(DESTDIR)$(PREFIX)/$(1)
BASH_COMPLETION := share/bash-completion/completions/vise
INSTALLED = bin/vise bin/visectl lib/vise/vise-init lib/vise/vise-net $(BASH_COMPLETION) \
	$(patsubst docs/man/%,share/man/man1/%,$(wildcard docs/man/*.1))

## install         programs, man pages and completion below PREFIX (DESTDIR honoured)
install: all
	install -d $(call into,bin) $(call into,share/man/man1)
	install $(BUILD)/vise $(BUILD)/visectl $(call into,bin/)
	install -D $(BUILD)/vise-init $(call into,lib/vise/vise-init)
	$(if $(NET_HELPER),install $(NET_HELPER) $(call into,lib/vise/vise-net))
	install -m 644 docs/man/*.1 $(call into,share/man/man1/)
	install -D -m 644 docs/completion/vise.bash $(call into,$(BASH_COMPLETION))

## uninstall       removes what install put there
uninstall:
	rm -f $(foreach file,$(INSTALLED),$(call into,$(file)))
	rmdir $(call into,lib/vise) 2>/dev/null || true

.PHONY: all help demo clean install uninstall
.DELETE_ON_ERROR:
