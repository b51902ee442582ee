# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tests and checks. Programs print TAP, a check is one claim; tests/run adds them up. tools/check runs
# them all in turn.

JOBS ?= $(shell nproc)

CK_LIBS = $(shell pkg-config --libs check 2>/dev/null)
CK_CFLAGS = $(shell pkg-config --cflags check 2>/dev/null)

# A test is tests/TIER/NAME_test.c; what else lies in its tier's folder is linked with each of them.
tests    = $(patsubst tests/$(1)/%.c,$(BUILD)/$(1)/%,$(wildcard tests/$(1)/*_test.c))
beside   = $(call obj,$(filter-out %_test.c,$(call sources,tests/$(1))))
UNIT     := $(call tests,unit)
CONTRACT := $(call tests,contract)
MICRO    := $(call tests,micro)
FUZZ     := $(patsubst tests/fuzz/%_fuzz.c,%,$(wildcard tests/fuzz/*_fuzz.c))
REPLAY   := $(FUZZ:%=$(BUILD)/replay/%)

# Check's headers do not satisfy -Wconversion style flags in user code.
TEST_CFLAGS := -Wno-missing-prototypes -Wno-conversion -Wno-sign-conversion
$(BUILD)/obj/tests/%.o: CFLAGS += $(TEST_CFLAGS)

LIBRARIES := $(BUILD)/libguestdrv.a $(BUILD)/libclient.a $(BUILD)/libvise.a
link-test = @mkdir -p $(@D); $(if $(filter 0,$(V)),printf '  %-7s %s\n' LINK $(patsubst $(BUILD)/%,%,$@);) \
	$(CC) $(LDFLAGS) $(1) -o $@ $^ $(CK_LIBS) $(LDLIBS)

$(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(call beside,unit) $(LIBRARIES)
	$(call link-test)
$(BUILD)/contract/%: $(BUILD)/obj/tests/contract/%.o $(call beside,contract) $(LIBRARIES)
	$(call link-test)
$(BUILD)/replay/%: $(BUILD)/obj/tests/fuzz/%_fuzz.o $(BUILD)/obj/tests/fuzz/replay.o $(LIBRARIES)
	$(call link-test)
# Of a sanitized build only: `make fuzz`.
$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%_fuzz.o $(LIBRARIES)
	$(call link-test,-fsanitize=fuzzer)

# What lab tests run inside guests, where there is no C library.
LAB_GUEST := $(patsubst tests/lab/guest/%.c,$(BUILD)/lab-guest/%,$(wildcard tests/lab/guest/*.c))
$(BUILD)/lab-guest/%: tests/lab/guest/%.c
	@mkdir -p $(@D)
	$(call quiet,STATIC)$(CC) -D_GNU_SOURCE -std=gnu11 -O2 $(WARN) -static -s -o $@ $<

# All programs that are not the product, built and not run.
tests: $(UNIT) $(CONTRACT) $(MICRO) $(REPLAY) $(LAB_GUEST) bench-programs

## check           everything below down to check-long: what CI runs, in less than 25 minutes
check: deps
	@BUILD='$(BUILD)' CC='$(CC)' MAKE='$(MAKE)' MAKEFLAGS= tools/check

## check-unit      each module alone
check-unit: $(UNIT)
	@tests/run $(UNIT)

## check-contract  every clause of the contract against the device code
check-contract: $(CONTRACT)
	@tests/run $(CONTRACT) tests/contract/check-clauses

## check-lab       stock kernels and disk images in Vise, on a host with KVM or an emulated one
check-lab: all $(LAB_GUEST)
	@BUILD='$(BUILD)' tests/run tests/lab/lab

# ---- Checks of the source: each prints what violates it, and nothing else. ----

TREE    := vmm devices virtio firmware guest-init tools tests docs
claim   = @tests/run --claim
find-c  = $(shell find $(TREE) -name '*.c')
find-ch = $(shell find $(TREE) -name '*.[ch]')
SCRIPTS = $(shell grep -rlIE '^\#!/bin/(ba)?sh' $(TREE) .ci) $(shell find $(TREE) -name '*.sh')
PRODUCT = $(call obj,$(LIB_SRC) vmm/app/main.c $(CTL_SRC) $(INIT_SRC) \
	$(filter vmm/host/usernet/process/%,$(NET_SRC)))
ONE_FILE = $(CPPFLAGS) -std=gnu11 $(PC_CFLAGS) $(CK_CFLAGS)

## check-layers    who may include whom, and each floor links without those above it
check-layers: layers-links
	$(claim) 'folders include only what the design lets them' tools/check-layers

# What a floor needs to link is what it may call. Nothing but the roof may need vmm/kvm.
FLOORS := core kvm host firmware devices virtio contract visectl
$(BUILD)/floor/core:     $(call obj,$(CORE))
$(BUILD)/floor/kvm:      $(call obj,$(CORE) $(KVM))
$(BUILD)/floor/host:     $(call obj,$(CORE) $(HOST))
$(BUILD)/floor/firmware: $(call obj,$(CORE) $(HOST) $(FIRMWARE))
$(BUILD)/floor/devices:  $(call obj,$(CORE) $(HOST) $(DEVICES))
$(BUILD)/floor/virtio:   $(call obj,$(CORE) $(HOST) $(DEVICES) $(VIRTIO))
$(BUILD)/floor/contract: $(call obj,$(CORE) $(HOST) $(DEVICES) $(VIRTIO) $(GUESTDRV))
$(BUILD)/floor/visectl:  $(call obj,$(CORE) $(filter-out %/main.c,$(CTL_SRC)))
$(FLOORS:%=$(BUILD)/floor/%):
	@mkdir -p $(@D)
	@echo 'int main(void) { return 0; }' | \
		$(CC) $(LDFLAGS) -o $@ -x c - -x none $^ $(CK_LIBS) $(LDLIBS)
layers-links:
	$(claim) 'each floor links without those above it' \
		$(MAKE) --no-print-directory -s -k $(FLOORS:%=$(BUILD)/floor/%)

## check-headers   each header compiles alone
check-headers: $(BUILD)/gen/version.h
	$(claim) 'every header compiles alone with gcc' tools/check-headers gcc $(ONE_FILE)
	$(claim) 'every header compiles alone with clang' tools/check-headers clang $(ONE_FILE)

## check-format    each source is as clang-format would write it
check-format:
	$(claim) 'every source is as clang-format would write it' \
		clang-format --dry-run -Werror $(find-ch)

## check-tidy      clang-tidy finds nothing; looks only at what changed since it last did
check-tidy:
	$(claim) 'clang-tidy finds nothing' $(MAKE) --no-print-directory -s -k -O -j$(JOBS) tidy-each
tidy-each: $(patsubst %.c,$(BUILD)/tidy/%.ok,$(find-c))
# The object knows all the headers, and is made anew when one changes.
$(BUILD)/tidy/%.ok: %.c $(BUILD)/obj/%.o .clang-tidy
	@mkdir -p $(@D)
	@clang-tidy --quiet $< -- $(ONE_FILE) 2>$@.log || { cat $@.log; exit 1; }
	@mv $@.log $@

## check-clang     everything, with the tests, compiles and links with clang without a warning
check-clang:
	$(claim) 'everything compiles and links with clang' $(MAKE) --no-print-directory -s -k -j$(JOBS) \
		CC=clang BUILD=$(BUILD)/clang all tests

## check-symbols   no variable that two machines in one process would share
check-symbols: $(PRODUCT)
	$(claim) 'no writable variable of static storage' tools/check-symbols $(PRODUCT)

## check-shell     shellcheck finds nothing in our scripts
check-shell:
	$(claim) 'shellcheck finds nothing' shellcheck -x $(SCRIPTS)

## check-install   make install leaves what it should, make uninstall nothing
check-install: all
	@BUILD='$(BUILD)' MAKE='$(MAKE)' tests/run --claim 'what is installed is complete and can be removed' \
		tools/check-install

# ---- Sanitizers and fuzzing: clang's. One build serves address, undefined and fuzzing. ----

# Some kernels spread addresses wider than the shadow memory of this clang allows for.
STILL    = $(shell setarch -R true 2>/dev/null && echo setarch -R)
SAN_MAKE = $(MAKE) --no-print-directory CC=clang BUILD=$(BUILD)/san OPT='-O1 -g' HARDEN=-fPIE \
	SANITIZE='-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all'
TSAN_MAKE = $(MAKE) --no-print-directory CC=clang BUILD=$(BUILD)/tsan OPT='-O1 -g' HARDEN=-fPIE \
	SANITIZE=-fsanitize=thread
SAN_ENV  = LSAN_OPTIONS=suppressions=tests/lsan.supp:print_suppressions=0

## sanitize        unit and contract tests under the address, undefined and thread sanitizers
sanitize: sanitize-address sanitize-thread
sanitize-address:
	@$(SAN_MAKE) -s -j$(JOBS) $(UNIT:$(BUILD)/%=$(BUILD)/san/%) $(CONTRACT:$(BUILD)/%=$(BUILD)/san/%)
	@$(SAN_ENV) $(STILL) tests/run $(UNIT:$(BUILD)/%=$(BUILD)/san/%) $(CONTRACT:$(BUILD)/%=$(BUILD)/san/%)
sanitize-thread:
	@$(TSAN_MAKE) -s -j$(JOBS) $(UNIT:$(BUILD)/%=$(BUILD)/tsan/%) $(CONTRACT:$(BUILD)/%=$(BUILD)/tsan/%)
	@$(STILL) tests/run $(UNIT:$(BUILD)/%=$(BUILD)/tsan/%) $(CONTRACT:$(BUILD)/%=$(BUILD)/tsan/%)

## fuzz-replay     the seeds and past crashes of each fuzz target, under the sanitizers
fuzz-replay:
	@$(SAN_MAKE) -s -j$(JOBS) $(FUZZ:%=$(BUILD)/san/replay/%)
	@$(SAN_ENV) $(STILL) tests/run $(FUZZ:%=$(BUILD)/san/replay/%)

## fuzz            fuzzes each target for FUZZ_SECONDS (10); FUZZ=NAME for one
FUZZ_SECONDS ?= 10
export CORPUS = $(BUILD)/corpus
fuzz:
	@$(SAN_MAKE) -s -j$(JOBS) $(FUZZ:%=$(BUILD)/san/fuzz/%)
	@status=0; for name in $(FUZZ); do \
		$(SAN_ENV) $(STILL) tests/run --claim "$$name withstands $(FUZZ_SECONDS) s of fuzzing" \
			tools/fuzz-one $(BUILD)/san/fuzz/$$name $(FUZZ_SECONDS) || status=1; \
	done; exit $$status

## check-long      fuzzes and repeats all tiers for HOURS (1), and prints totals over all such runs
HOURS ?= 1
check-long: deps
	@BUILD='$(BUILD)' CC='$(CC)' MAKE='$(MAKE)' HOURS='$(HOURS)' MAKEFLAGS= tools/check-long

.PHONY: tests check check-unit check-contract check-lab check-layers layers-links \
	check-headers check-format check-tidy tidy-each check-clang check-symbols check-shell check-install sanitize \
	sanitize-address sanitize-thread fuzz-replay fuzz check-long
.SECONDARY:
