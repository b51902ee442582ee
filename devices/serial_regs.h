/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_DEVICES_SERIAL_REGS_H
#define VISE_DEVICES_SERIAL_REGS_H

/* Registers of the PC16550D; section numbers are those of its data sheet. */

#define UART_RBR 0 /* read, DLAB = 0 */
#define UART_THR 0 /* write, DLAB = 0 */
#define UART_DLL 0 /* DLAB = 1 */
#define UART_IER 1 /* DLAB = 0 */
#define UART_DLM 1 /* DLAB = 1 */
#define UART_IIR 2 /* read */
#define UART_FCR 2 /* write */
#define UART_LCR 3
#define UART_MCR 4
#define UART_LSR 5
#define UART_MSR 6
#define UART_SCR 7

#define UART_FIFO 16U

/* 8.6 interrupt enable */
#define IER_RDI	 0x01U
#define IER_THRI 0x02U
#define IER_RLSI 0x04U
#define IER_MSI	 0x08U
#define IER_MASK 0x0fU

/* 8.5 interrupt identification, highest priority first */
#define IIR_RLSI  0x06U
#define IIR_RDI	  0x04U
#define IIR_TIME  0x0cU /* character time-out */
#define IIR_THRI  0x02U
#define IIR_MSI	  0x00U
#define IIR_NONE  0x01U
#define IIR_FIFOS 0xc0U

/* 8.4 FIFO control */
#define FCR_ENABLE   0x01U
#define FCR_CLEAR_RX 0x02U
#define FCR_CLEAR_TX 0x04U
#define FCR_TRIGGER  6 /* shift of the receive trigger's two bits */

/* 8.1 line control */
#define LCR_DLAB 0x80U

/* 8.7 modem control */
#define MCR_DTR	 0x01U
#define MCR_RTS	 0x02U
#define MCR_OUT1 0x04U
#define MCR_OUT2 0x08U
#define MCR_LOOP 0x10U
#define MCR_MASK 0x1fU

/* 8.3 line status */
#define LSR_DR	 0x01U
#define LSR_OE	 0x02U
#define LSR_THRE 0x20U
#define LSR_TEMT 0x40U

/* 8.8 modem status */
#define MSR_DCTS  0x01U
#define MSR_DDSR  0x02U
#define MSR_TERI  0x04U
#define MSR_DDCD  0x08U
#define MSR_CTS	  0x10U
#define MSR_DSR	  0x20U
#define MSR_RI	  0x40U
#define MSR_DCD	  0x80U
#define MSR_DELTA 0x0fU

#endif
