# SPDX-License-Identifier: GPL-2.0-or-later
#
# Documents that are made from tables by the programs themselves, and tracked.

DOCS_VISE := docs/man/vise.1 docs/completion/vise.bash docs/qemu.md docs/control.md

# $(1) prints the document; the file is touched only when it changes.
refresh = @mkdir -p $(@D) && $(1) >$@.new && \
	{ cmp -s $@.new $@ && rm $@.new || { mv $@.new $@ && echo "  DOC     $@"; }; }

## docs            makes the man page, completion, and the pages and tables that programs print anew
docs: $(DOCS_VISE) docs/scenario.md
# Its table alone is printed: from the line that begins it to the next empty one.
docs/scenario.md: $(BUILD)/visectl FORCE
	$(call refresh,awk -v program="$(BUILD)/visectl play --reference" \
		'/^\| statement / { system(program); skip = 1 } /^$$/ { skip = 0 } !skip' $@)
docs/man/vise.1: $(BUILD)/vise FORCE
	$(call refresh,$(BUILD)/vise help --man)
docs/completion/vise.bash: $(BUILD)/vise FORCE
	$(call refresh,$(BUILD)/vise help --bash)

docs/control.md: $(BUILD)/vise FORCE
	$(call refresh,$(BUILD)/vise help --control)

docs/qemu.md: $(BUILD)/vise FORCE
	$(call refresh,$(BUILD)/vise help --qemu)

## check-docs      the tracked man page, completion, pages of control commands and QEMU's options are what the program prints
check-docs: $(BUILD)/vise
	@$(BUILD)/vise help --man | cmp - docs/man/vise.1 && \
		$(BUILD)/vise help --bash | cmp - docs/completion/vise.bash && \
		$(BUILD)/vise help --control | cmp - docs/control.md && \
		$(BUILD)/vise help --qemu | cmp - docs/qemu.md || \
		{ echo "the documents are out of date: make docs"; exit 1; }
	@bash -n docs/completion/vise.bash
	@if command -v groff >/dev/null; then \
		warnings=$$(groff -man -Tutf8 -ww -z docs/man/vise.1 2>&1); \
		[ -z "$$warnings" ] || { echo "$$warnings"; exit 1; }; \
	fi

.PHONY: docs check-docs
