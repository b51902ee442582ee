# SPDX-License-Identifier: GPL-2.0-or-later
#
# The micro tier and its guests.

# Micro tests carry their guests: freestanding code of general registers only, linked flat.
MICRO_LIB  := $(patsubst %.c,$(BUILD)/obj/%.o,tests/micro/guest.c tests/micro/tap.c)
MICRO_CODE := $(wildcard tests/micro/code/*.c)
GUEST_CFLAGS := -I. -std=gnu11 -O1 -ffreestanding -fno-pic -fno-pie -mno-red-zone -mcmodel=small \
	-mgeneral-regs-only -fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none \
	-fno-jump-tables -Wall -Wextra -Wno-interrupt-service-routine -Werror

# One by one they are compiled for the dependencies of `make check-tidy` only.
$(BUILD)/obj/tests/micro/code/%.o: CFLAGS = $(GUEST_CFLAGS)

$(BUILD)/micro/code.bin: $(MICRO_CODE) $(wildcard tests/micro/code/*.h tests/micro/*.h) \
		tests/micro/code/code.ld
	@mkdir -p $(@D)
	$(call quiet,GUEST)$(CC) $(GUEST_CFLAGS) -nostdlib -static -Wl,--build-id=none \
		-Wl,-T,tests/micro/code/code.ld -Wl,-e,0x100000 -o $(@:.bin=.elf) $(MICRO_CODE)
	$(qq)objcopy -O binary -j .text $(@:.bin=.elf) $@

$(BUILD)/obj/tests/micro/code.o: tests/micro/code.S $(BUILD)/micro/code.bin
	@mkdir -p $(@D)
	$(call quiet,AS)$(CC) -DMICRO_CODE_BIN='"$(BUILD)/micro/code.bin"' -c -o $@ $<

$(BUILD)/micro/%_test: $(BUILD)/obj/tests/micro/%_test.o $(MICRO_LIB) \
		$(BUILD)/obj/tests/micro/code.o $(BUILD)/libvise.a
	@mkdir -p $(@D)
	$(call quiet,LINK)$(CC) $(LDFLAGS) -o $@ $^ $(CK_LIBS) $(LDLIBS)

# A kernel for `vise run` itself.
$(BUILD)/micro/tiny-kernel: tests/micro/tiny-kernel.S
	@mkdir -p $(@D)
	$(call quiet,GUEST)$(CC) -nostdlib -static -Wl,--build-id=none -Wl,-Ttext-segment=0x100000 \
		-Wl,-e,start -Wl,-z,noexecstack -o $@ $<
$(BUILD)/micro/machine_test: | $(BUILD)/micro/tiny-kernel

## check-micro     small guests on the host's own KVM
check-micro: $(MICRO) $(BUILD)/vise $(BUILD)/visectl $(BUILD)/micro/tiny-kernel
	@VISE=$(BUILD)/vise VISECTL=$(BUILD)/visectl TINY_KERNEL=$(BUILD)/micro/tiny-kernel tests/run \
		$(MICRO) tests/micro/soak tests/micro/qemu tests/micro/play tests/micro/control

## soak            ends SOAK=1000 runs at random moments and looks for what they left
SOAK ?= 1000
soak: $(BUILD)/vise $(BUILD)/micro/tiny-kernel
	@VISE=$(BUILD)/vise TINY_KERNEL=$(BUILD)/micro/tiny-kernel tests/micro/soak $(SOAK)

.PHONY: check-micro soak
