/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_DEVICES_PCI_REGS_H
#define VISE_DEVICES_PCI_REGS_H

/* Configuration space, PCI Local Bus Specification 3.0 chapter 6. */

#define PCI_CONFIG_SIZE 256U

#define PCI_VENDOR_ID		0x00U
#define PCI_DEVICE_ID		0x02U
#define PCI_COMMAND		0x04U
#define PCI_STATUS		0x06U
#define PCI_REVISION_ID		0x08U
#define PCI_CLASS_PROG		0x09U
#define PCI_CLASS_SUB		0x0aU
#define PCI_CLASS_BASE		0x0bU
#define PCI_HEADER_TYPE		0x0eU
#define PCI_BAR0		0x10U
#define PCI_SUBSYSTEM_VENDOR_ID 0x2cU
#define PCI_SUBSYSTEM_ID	0x2eU
#define PCI_CAPABILITY_LIST	0x34U
#define PCI_INTERRUPT_LINE	0x3cU
#define PCI_INTERRUPT_PIN	0x3dU

#define PCI_COMMAND_IO		 0x0001U
#define PCI_COMMAND_MEMORY	 0x0002U
#define PCI_COMMAND_MASTER	 0x0004U
#define PCI_COMMAND_INTX_DISABLE 0x0400U

#define PCI_STATUS_INTERRUPT 0x0008U
#define PCI_STATUS_CAP_LIST  0x0010U

#define PCI_HEADER_MULTI_FUNCTION 0x80U

#define PCI_BAR_SPACE_IO 0x1U
#define PCI_BAR_MEM_64	 0x4U

#define PCI_CAP_ID_VENDOR 0x09U
#define PCI_CAP_ID_MSIX	  0x11U

/* MSI-X capability, section 6.8.2: message control at +2, table at +4, PBA at +8. */
#define PCI_MSIX_CONTROL      2U
#define PCI_MSIX_TABLE	      4U
#define PCI_MSIX_PBA	      8U
#define PCI_MSIX_CAP_SIZE     12U
#define PCI_MSIX_CONTROL_MASK 0x4000U
#define PCI_MSIX_CONTROL_EN   0x8000U
#define PCI_MSIX_ENTRY_SIZE   16U
#define PCI_MSIX_ENTRY_DATA   8U
#define PCI_MSIX_ENTRY_CTRL   12U
#define PCI_MSIX_ENTRY_MASKED 1U

#endif
