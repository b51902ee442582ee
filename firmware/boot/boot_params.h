/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_FIRMWARE_BOOT_PARAMS_H
#define VISE_FIRMWARE_BOOT_PARAMS_H

/*
 * Linux/x86 boot protocol (Documentation/arch/x86/boot.rst and zero-page.rst). Up to the end of the
 * setup header a bzImage and struct boot_params count alike: one offset names both.
 */

#define BOOT_PARAMS_SIZE 4096U

/* struct boot_params, filled by the loader */
#define BP_ACPI_RSDP_ADDR    0x070U
#define BP_EXT_RAMDISK_IMAGE 0x0c0U
#define BP_EXT_RAMDISK_SIZE  0x0c4U
#define BP_E820_ENTRIES	     0x1e8U
#define BP_E820_TABLE	     0x2d0U
#define BP_E820_ENTRY_SIZE   20U

/* The setup header: its fields and where it may reach */
#define HDR_START	    0x1f1U
#define HDR_SETUP_SECTS	    0x1f1U
#define HDR_SYSSIZE	    0x1f4U /* 16-byte units */
#define HDR_BOOT_FLAG	    0x1feU
#define HDR_JUMP_OFFSET	    0x201U /* the header ends this far behind HDR_MAGIC */
#define HDR_MAGIC	    0x202U
#define HDR_VERSION	    0x206U
#define HDR_TYPE_OF_LOADER  0x210U
#define HDR_LOADFLAGS	    0x211U
#define HDR_CODE32_START    0x214U
#define HDR_RAMDISK_IMAGE   0x218U
#define HDR_RAMDISK_SIZE    0x21cU
#define HDR_CMD_LINE_PTR    0x228U
#define HDR_INITRD_ADDR_MAX 0x22cU
#define HDR_XLOADFLAGS	    0x236U
#define HDR_CMDLINE_SIZE    0x238U
#define HDR_SETUP_DATA	    0x250U
#define HDR_PREF_ADDRESS    0x258U
#define HDR_INIT_SIZE	    0x260U
#define HDR_NEEDED_END	    0x264U /* behind the last field that this loader reads */
#define HDR_LIMIT	    0x290U /* boot_params has something else from here on */

#define BOOT_FLAG	   0xaa55U
#define BOOT_MAGIC	   0x53726448U /* "HdrS" */
#define BOOT_VERSION_2_12  0x020cU
#define LOADED_HIGH	   0x01U
#define XLF_KERNEL_64	   0x0001U
#define XLF_ABOVE_4G	   0x0002U /* XLF_CAN_BE_LOADED_ABOVE_4G */
#define LOADER_UNDEFINED   0xffU
#define BOOT_SECTOR	   512U
#define BOOT_DEFAULT_SECTS 4U	  /* what setup_sects 0 means */
#define BOOT_ENTRY_64	   0x200U /* from the start of the loaded kernel */

#endif
