/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/selftest/net/iface.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/route.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest-init/selftest/sysfs.h"

/* One request about the interface. */
static int request(const struct iface *i, unsigned long what, struct ifreq *r)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ret;

	if (fd < 0)
		return -errno;
	memcpy(r->ifr_name, i->name, sizeof(r->ifr_name));
	ret = ioctl(fd, what, r) ? -errno : 0;
	close(fd);
	return ret;
}

static void put_address(struct sockaddr *to, uint32_t address)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};

	memcpy(to, &in, sizeof(in));
}

static int set_address(const struct iface *i, unsigned long what, uint32_t address)
{
	struct ifreq r = {.ifr_flags = 0};

	put_address(&r.ifr_addr, address);
	return request(i, what, &r);
}

int iface_find(const char *virtio, struct iface *i)
{
	struct ifreq r = {.ifr_flags = 0};
	char name[64];
	int ret;

	*i = (struct iface){.mac = {0}};
	if (!*virtio ||
	    !sysfs_first(name, sizeof(name), "", "/sys/bus/virtio/devices/%s/net", virtio) ||
	    strlen(name) >= sizeof(i->name))
		return -ENODEV;
	memcpy(i->name, name, strlen(name));
	ret = request(i, SIOCGIFHWADDR, &r);
	if (!ret)
		memcpy(i->mac, r.ifr_hwaddr.sa_data, sizeof(i->mac));
	return ret;
}

int iface_up(const struct iface *i)
{
	struct ifreq r = {.ifr_flags = 0};
	int ret = request(i, SIOCGIFFLAGS, &r);

	if (ret)
		return ret;
	r.ifr_flags |= IFF_UP;
	return request(i, SIOCSIFFLAGS, &r);
}

bool iface_carrier(const struct iface *i)
{
	return sysfs_number("/sys/class/net/%s/carrier", i->name) == 1;
}

static int add_default_route(const struct iface *i, uint32_t router)
{
	struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY};
	char name[IFNAMSIZ];
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ret;

	if (fd < 0)
		return -errno;
	memcpy(name, i->name, sizeof(name));
	put_address(&route.rt_dst, 0);
	put_address(&route.rt_genmask, 0);
	put_address(&route.rt_gateway, router);
	route.rt_dev = name;
	ret = ioctl(fd, SIOCADDRT, &route) && errno != EEXIST ? -errno : 0;
	close(fd);
	return ret;
}

/* The mask that a class had, for servers that do not tell one (RFC 950). */
static uint32_t mask_of(const struct dhcp_lease *lease)
{
	if (lease->mask)
		return lease->mask;
	if (!(lease->address >> 31))
		return 0xff000000;
	return lease->address >> 30 == 2 ? 0xffff0000 : 0xffffff00;
}

int iface_configure(const struct iface *i, const struct dhcp_lease *lease)
{
	int ret = set_address(i, SIOCSIFADDR, lease->address);

	if (!ret)
		ret = set_address(i, SIOCSIFNETMASK, mask_of(lease));
	if (!ret && lease->router)
		ret = add_default_route(i, lease->router);
	return ret;
}

uint32_t iface_address(const struct iface *i)
{
	struct ifreq r = {.ifr_flags = 0};
	struct sockaddr_in in;

	if (request(i, SIOCGIFADDR, &r))
		return 0;
	memcpy(&in, &r.ifr_addr, sizeof(in));
	return ntohl(in.sin_addr.s_addr);
}

const char *iface_address_text(uint32_t address, char *text)
{
	snprintf(text, IFACE_ADDRESS_TEXT, "%u.%u.%u.%u", address >> 24, address >> 16 & 0xff,
		 address >> 8 & 0xff, address & 0xff);
	return text;
}

int iface_tx_checksum(const struct iface *i)
{
	struct ethtool_value value = {.cmd = ETHTOOL_GTXCSUM};
	struct ifreq r = {.ifr_flags = 0};

	r.ifr_data = (void *)&value;
	return request(i, SIOCETHTOOL, &r) ? -1 : value.data != 0;
}
