/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_USERNET_DHCP_H
#define VISE_HOST_USERNET_DHCP_H

#include <stddef.h>
#include <stdint.h>

/*
 * In a restricted network the stack's DHCP server names no name server, though there is one that
 * knows our own names. Adds it to @frame if that is an offer or an acknowledgement with room for
 * it; leaves every other frame as it is. Any thread.
 */
void dhcp_add_nameserver(uint8_t *frame, size_t len);

#endif
