/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_SOCKET_H
#define VISE_GUEST_INIT_SELFTEST_SOCKET_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

/* Sockets with time limits. Addresses are numbers, the first byte of 10.0.2.2 the highest. */

struct sockaddr_in socket_address(uint32_t address, uint16_t port);

/* A UDP socket that talks to that place only. The descriptor, or a negative errno. */
int socket_udp(uint32_t address, uint16_t port);

/* A TCP connection, made within @ms milliseconds. */
int socket_tcp(uint32_t address, uint16_t port, unsigned ms);

/* Waits until @fd has @events (poll()'s); 0, -ETIMEDOUT after @ms milliseconds, or another errno.
 */
int socket_wait(int fd, short events, unsigned ms);

/* Sends all, each piece within @ms; 0 or a negative errno. */
int socket_send(int fd, const void *data, size_t len, unsigned ms);

/* Receives what there is, at most @size bytes; waits for @ms. 0 is the end of a stream. */
long socket_receive(int fd, void *data, size_t size, unsigned ms);

#endif
