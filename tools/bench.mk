# SPDX-License-Identifier: GPL-2.0-or-later
#
# Benchmarks: Vise beside its peer, in one run. Nothing here is a test, and none of it runs in CI.
# ROUNDS=N sets the rounds, BENCH_FLAGS=-v tells more.

ROUNDS ?=
BENCH_FLAGS ?=
BENCH := $(BUILD)/bench
BENCH_STATIC = @mkdir -p $(@D); $(CC) -I. -D_GNU_SOURCE -std=gnu11 -O2 $(WARN) -static -s -o $@ $(filter %.c,$^)

$(BENCH)/stopwatch: tests/bench/stopwatch.c
	$(BENCH_STATIC)

$(BENCH)/netpeer: tests/bench/netpeer.c tests/bench/netload.h
	$(BENCH_STATIC)

$(BENCH)/init: tests/bench/init.c tests/bench/blkload.c tests/bench/netload.c tests/bench/blkload.h \
		tests/bench/netload.h
	$(BENCH_STATIC)

# A guest for either VMM: freestanding, of general registers only.
$(BENCH)/blk-guest: tests/bench/guest/start.S tests/bench/guest/blk.c
	@mkdir -p $(@D)
	$(call quiet,GUEST)$(CC) $(GUEST_CFLAGS) -O2 -nostdlib -static -Wl,--build-id=none \
		-Wl,-Ttext-segment=0x100000 -Wl,-e,start -Wl,-z,noexecstack -o $@ $^

# One by one it is compiled for the dependencies of `make check-tidy` only.
$(BUILD)/obj/tests/bench/guest/%.o: CFLAGS = $(GUEST_CFLAGS)

bench-programs: all $(BENCH)/stopwatch $(BENCH)/init $(BENCH)/netpeer $(BENCH)/blk-guest \
		$(BUILD)/micro/tiny-kernel

## bench-boot      a stock kernel: to the first instruction, to init, exits on the way
## bench-start     the smallest guest: from exec to its first byte, on the host's own KVM
## bench-rss       memory beyond guest RAM
## bench-blk       random reads of a disk, system calls for each
## bench-blk-native the same by a guest that is a ring's driver only, on the host's own KVM
## bench-net       TCP and datagrams by a tap and by user networking
bench-boot bench-start bench-rss bench-blk bench-blk-native bench-net: bench-programs
	@BUILD=$(BUILD) tests/bench/bench $(BENCH_FLAGS) $(@:bench-%=%) $(ROUNDS)

## bench-soak      1000 starts ended at random moments: nothing may leak
bench-soak:
	@$(MAKE) --no-print-directory soak SOAK=$(or $(ROUNDS),1000)

## bench           all of them
bench: bench-start bench-rss bench-boot bench-blk bench-blk-native bench-net bench-soak

.PHONY: bench bench-programs bench-boot bench-start bench-rss bench-blk bench-blk-native bench-net \
	bench-soak
