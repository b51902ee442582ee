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

## check-unit      each module alone
check-unit: $(UNIT)
	@tests/run $(UNIT)

## check-contract  every clause of the contract against the device code
check-contract: $(CONTRACT)
	@tests/run $(CONTRACT)

.PHONY: check-unit check-contract
.SECONDARY:
