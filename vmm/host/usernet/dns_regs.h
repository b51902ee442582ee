/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_USERNET_DNS_REGS_H
#define VISE_HOST_USERNET_DNS_REGS_H

/* DNS messages (RFC 1035, section 4.1). */

#define DNS_PORT 53U

/* Header (4.1.1): offsets in bytes */
#define DNS_ID	    0U
#define DNS_FLAGS   2U
#define DNS_QDCOUNT 4U
#define DNS_ANCOUNT 6U
#define DNS_NSCOUNT 8U
#define DNS_ARCOUNT 10U
#define DNS_HEADER  12U

#define DNS_QR		   0x8000U
#define DNS_OPCODE	   0x7800U
#define DNS_AA		   0x0400U
#define DNS_TC		   0x0200U
#define DNS_RD		   0x0100U
#define DNS_RA		   0x0080U
#define DNS_RCODE	   0x000fU
#define DNS_RCODE_OK	   0U
#define DNS_RCODE_FORMERR  1U
#define DNS_RCODE_SERVFAIL 2U
#define DNS_RCODE_NOTIMP   4U
#define DNS_RCODE_REFUSED  5U

/* Names (2.3.4, 4.1.4) and questions (4.1.2) */
#define DNS_LABEL_MAX	 63U
#define DNS_NAME_MAX	 255U
#define DNS_POINTER	 0xc000U
#define DNS_QTYPE	 0U /* after the name */
#define DNS_QCLASS	 2U
#define DNS_QFIXED	 4U
#define DNS_QUESTION_MAX (DNS_NAME_MAX + DNS_QFIXED)

/* Types and classes (3.2) */
#define DNS_TYPE_A    1U
#define DNS_TYPE_ANY  255U
#define DNS_CLASS_IN  1U
#define DNS_CLASS_ANY 255U

#endif
