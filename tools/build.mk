# SPDX-License-Identifier: GPL-2.0-or-later
#
# Compiling. A new source file in a listed folder needs no line here.

LIBS_PC := liburing zlib jansson libzstd liblzma

WARN := -Wall -Wextra -Wshadow -Wconversion -Wimplicit-fallthrough -Wvla -Wmissing-prototypes \
	-Wcast-align -Wstrict-prototypes -Wformat=2 -Wundef -Werror
HARDEN := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE -fno-plt
OPT ?= -O2 -g
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

PC_CFLAGS = $(shell pkg-config --cflags $(LIBS_PC) 2>/dev/null)
PC_LIBS   = $(shell pkg-config --libs $(LIBS_PC) 2>/dev/null)
PC_LIBS_STATIC = $(shell pkg-config --static --libs $(LIBS_PC) 2>/dev/null)
SDT       = $(if $(wildcard /usr/include/sys/sdt.h /usr/include/*/sys/sdt.h),-DVISE_WITH_SDT)

CPPFLAGS += -I. -I$(BUILD)/gen -D_GNU_SOURCE $(SDT)
CFLAGS   += -std=gnu11 $(OPT) $(WARN) $(HARDEN) $(PC_CFLAGS) $(SANITIZE)
LDFLAGS  += -pie -Wl,-z,relro,-z,now $(SANITIZE)
LDLIBS   += $(PC_LIBS) -pthread

# Floors, lowest first; a folder's subfolders belong to it.
sources = $(sort $(wildcard $(1)/*.c $(1)/*/*.c $(1)/*/*/*.c))
CORE     := $(call sources,vmm/core)
KVM      := $(call sources,vmm/kvm)
# What runs in the process of user networking is linked into that alone.
HOST     := $(filter-out vmm/host/usernet/process/%,$(call sources,vmm/host))
DEVICES  := $(call sources,devices)
FIRMWARE := $(call sources,firmware)
VIRTIO   := $(call sources,virtio)
APP      := $(call sources,vmm/app)
GUESTDRV := $(call sources,tests/guestdrv)

LIB_SRC  := $(CORE) $(KVM) $(HOST) $(DEVICES) $(FIRMWARE) $(VIRTIO) $(filter-out vmm/app/main.c,$(APP))
# What clients of the control socket share.
CLIENT   := $(call sources,tools/control) $(call sources,tools/scenario)
CTL_SRC  := $(CLIENT) $(call sources,tools/visectl)
SERVERS  := $(call sources,tools/servers)
INIT_SRC := $(sort $(call sources,guest-init) $(call sources,guest-init/selftest))

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

quiet = $(if $(filter 0,$(V)),@printf '  %-7s %s\n' $(1) $(patsubst $(BUILD)/%,%,$@);)
qq    = $(if $(filter 0,$(V)),@)

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/libvise.a: $(call obj,$(LIB_SRC))
	@rm -f $@
	$(call quiet,AR)$(AR) rcs $@ $^

$(BUILD)/libguestdrv.a: $(call obj,$(GUESTDRV))
	@rm -f $@
	$(call quiet,AR)$(AR) rcs $@ $^

# Static, because starting fast is part of the job: the dynamic linker took some 0.4 ms of each start.
# Sanitizers need it dynamic.
STATIC = $(if $(SANITIZE),,-static-pie)
$(BUILD)/vise: $(call obj,vmm/app/main.c) $(BUILD)/libvise.a
	$(call quiet,LINK)$(CC) $(LDFLAGS) $(STATIC) -o $@ $^ $(if $(STATIC),$(PC_LIBS_STATIC) -pthread,$(LDLIBS))

$(BUILD)/libclient.a: $(call obj,$(CLIENT))
	@rm -f $@
	$(call quiet,AR)$(AR) rcs $@ $^

$(BUILD)/visectl: $(call obj,$(call sources,tools/visectl)) $(BUILD)/libclient.a $(BUILD)/libvise.a
	$(call quiet,LINK)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# For tests only: what a guest's self test talks to.
$(BUILD)/selftest-servers: $(call obj,$(SERVERS)) $(BUILD)/libvise.a
	$(call quiet,LINK)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

tests: $(BUILD)/selftest-servers

# Its parts that need no guest are linked with their tests as they are.
SELFTEST_OBJ = $(call obj,$(filter-out %/main.c,$(INIT_SRC)))
$(patsubst %,$(BUILD)/%,unit/selftest_test unit/selftest_net_test unit/selftest_clients_test replay/dhcp_dns fuzz/dhcp_dns): $(SELFTEST_OBJ)

# The guest's init runs where there is no C library: static, and small.
$(BUILD)/vise-init: $(INIT_SRC) $(wildcard guest-init/*.h guest-init/*/*.h guest-init/*/*/*.h docs/abi/*.h)
	@mkdir -p $(@D)
	$(call quiet,STATIC)$(CC) -I. -D_GNU_SOURCE -std=gnu11 -Os $(WARN) -static \
		-ffunction-sections -fdata-sections -Wl,--gc-sections -s \
		-o $@ $(INIT_SRC) -lzstd -llzma -lz

# The helper of user networking is kept apart, in a process that may do little: sanitizers need system
# calls that it has given up, so it is built without. Its parsers are in the library too.
NET_SRC := $(wildcard vmm/host/usernet/process/*.c vmm/core/option/*.c) vmm/core/err.c vmm/core/log.c \
	vmm/core/clock.c $(filter-out %/helper.c,$(wildcard vmm/host/usernet/*.c))
NET_HDR := $(wildcard vmm/host/usernet/*.h vmm/host/usernet/process/*.h vmm/core/*.h vmm/core/option/*.h)
$(BUILD)/vise-net: $(NET_SRC) $(NET_HDR)
	@mkdir -p $(@D)
	$(call quiet,LINK)$(CC) -I. -D_GNU_SOURCE -std=gnu11 $(OPT) $(WARN) -fstack-protector-strong \
		-D_FORTIFY_SOURCE=2 -fPIE -pie -Wl,-z,relro,-z,now -o $@ $(NET_SRC) -lslirp -lseccomp

# Tests of user networking start the helper that their build has made.
$(addprefix $(BUILD)/unit/usernet_,process_test sandbox_test tcp_test): | $(NET_HELPER)

# Where the program finds the init and which version it is; rewritten only when it changes.
$(BUILD)/gen/version.h: FORCE
	@mkdir -p $(@D)
	@printf '#define VISE_VERSION "%s"\n' '$(VERSION)' >$@.new
	@cmp -s $@ $@.new && rm $@.new || mv $@.new $@
$(call obj,$(APP) $(CTL_SRC)): | $(BUILD)/gen/version.h

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

FORCE:
.PHONY: FORCE
