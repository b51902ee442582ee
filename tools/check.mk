# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tests. Every tier prints TAP; tests/run adds the tiers up.

CK_LIBS = $(shell pkg-config --libs check 2>/dev/null)
UNIT     := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*_test.c))
CONTRACT := $(patsubst tests/contract/%.c,$(BUILD)/contract/%,$(wildcard tests/contract/*_test.c))
MICRO    := $(patsubst tests/micro/%.c,$(BUILD)/micro/%,$(wildcard tests/micro/*_test.c))

# Check's headers do not satisfy -Wconversion style flags in user code.
TEST_CFLAGS := -Wno-missing-prototypes -Wno-conversion -Wno-sign-conversion
$(BUILD)/obj/tests/%.o: CFLAGS += $(TEST_CFLAGS)

$(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/libvise.a
	@mkdir -p $(@D)
	$(call quiet,LINK)$(CC) $(LDFLAGS) -o $@ $^ $(CK_LIBS) $(LDLIBS)

$(BUILD)/contract/%: $(BUILD)/obj/tests/contract/%.o $(BUILD)/libguestdrv.a $(BUILD)/libvise.a
	@mkdir -p $(@D)
	$(call quiet,LINK)$(CC) $(LDFLAGS) -o $@ $^ $(CK_LIBS) $(LDLIBS)

# Micro tests carry their guests: freestanding code of general registers only, linked flat.
MICRO_LIB  := $(patsubst %.c,$(BUILD)/obj/%.o,tests/micro/guest.c tests/micro/tap.c)
MICRO_CODE := $(wildcard tests/micro/code/*.c)
GUEST_CFLAGS := -I. -std=gnu11 -O1 -ffreestanding -fno-pic -fno-pie -mno-red-zone -mcmodel=small \
	-mgeneral-regs-only -fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none \
	-fno-jump-tables -fno-tree-vectorize -Wall -Wextra -Werror

$(BUILD)/micro/code.bin: $(MICRO_CODE) $(wildcard tests/micro/code/*.h tests/micro/*.h) \
		tests/micro/code/code.ld
	@mkdir -p $(@D)
	$(call quiet,GUEST)$(CC) $(GUEST_CFLAGS) -nostdlib -static -no-pie -Wl,--build-id=none \
		-Wl,-T,tests/micro/code/code.ld -Wl,-e,0x100000 -o $(@:.bin=.elf) $(MICRO_CODE)
	$(qq)objcopy -O binary -j .text $(@:.bin=.elf) $@

$(BUILD)/obj/tests/micro/code.o: tests/micro/code.S $(BUILD)/micro/code.bin
	@mkdir -p $(@D)
	$(call quiet,AS)$(CC) -DMICRO_CODE_BIN='"$(BUILD)/micro/code.bin"' -c -o $@ $<

$(BUILD)/micro/%_test: $(BUILD)/obj/tests/micro/%_test.o $(MICRO_LIB) \
		$(BUILD)/obj/tests/micro/code.o $(BUILD)/libvise.a
	@mkdir -p $(@D)
	$(call quiet,LINK)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# A kernel for `vise run` itself.
$(BUILD)/micro/tiny-kernel: tests/micro/tiny-kernel.S
	@mkdir -p $(@D)
	$(call quiet,GUEST)$(CC) -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-Ttext-segment=0x100000 \
		-Wl,-e,start -Wl,-z,noexecstack -o $@ $<
$(BUILD)/micro/machine_test: | $(BUILD)/micro/tiny-kernel

## check-micro     small guests on the host's own KVM
check-micro: $(MICRO) $(BUILD)/vise $(BUILD)/micro/tiny-kernel
	@VISE=$(BUILD)/vise TINY_KERNEL=$(BUILD)/micro/tiny-kernel tests/run $(MICRO) tests/micro/soak

## soak            ends SOAK=1000 runs at random moments and looks for what they left
SOAK ?= 1000
soak: $(BUILD)/vise $(BUILD)/micro/tiny-kernel
	@VISE=$(BUILD)/vise TINY_KERNEL=$(BUILD)/micro/tiny-kernel tests/micro/soak $(SOAK)

## check-unit      each module alone
check-unit: $(UNIT)
	@tests/run $(UNIT)

## check-contract  every clause of the contract against the device code
check-contract: $(CONTRACT)
	@tests/run $(CONTRACT)

.PHONY: check-unit check-contract check-micro soak
.SECONDARY:
