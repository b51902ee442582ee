# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the project needs of Debian, listed once. `make deps` is the only step that uses root.

PACKAGES_BUILD := gcc libc6-dev make pkg-config liburing-dev zlib1g-dev libjansson-dev libzstd-dev \
	liblzma-dev libslirp-dev libseccomp-dev systemtap-sdt-dev
PACKAGES_TEST := check clang clang-format clang-tidy libclang-rt-14-dev llvm groff-base qemu-system-x86 qemu-utils \
	busybox-static bash e2fsprogs kmod cpio xz-utils zstd shellcheck dpkg-dev git python3-minimal strace socat procps

PACKAGES := $(PACKAGES_BUILD) $(PACKAGES_TEST)
DEPS_STAMP = $(BUILD)/deps-$(shell echo '$(PACKAGES)' | cksum | cut -d' ' -f1).stamp

## deps            installs the Debian packages that build and tests need (uses sudo unless root)
deps: $(DEPS_STAMP)
$(DEPS_STAMP):
	@tools/install-packages $(PACKAGES)
	@mkdir -p $(BUILD) && touch $@

.PHONY: deps
