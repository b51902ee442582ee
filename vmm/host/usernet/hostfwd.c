/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/usernet/hostfwd.h"

#include "vmm/core/option/option.h"
#include "vmm/host/usernet/usernet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#define QUOTE 100 /* bytes of a value in a message */

struct word {
	const char *text;
	size_t len;
};

/* Cuts *@rest at @stop: what is before it becomes @word. False without @stop. */
static bool cut(const char **rest, char stop, struct word *word)
{
	const char *end = strchr(*rest, stop);

	if (!end)
		return false;
	*word = (struct word){.text = *rest, .len = (size_t)(end - *rest)};
	*rest = end + 1;
	return true;
}

static bool word_is(const struct word *word, const char *text)
{
	return word->len == strlen(text) && memcmp(word->text, text, word->len) == 0;
}

/* A dotted address; @standard when there is none. */
static bool parse_address(const struct word *word, uint32_t standard, uint32_t *address)
{
	char text[INET_ADDRSTRLEN];
	struct in_addr in;

	*address = standard;
	if (!word->len)
		return true;
	if (word->len >= sizeof(text))
		return false;
	memcpy(text, word->text, word->len);
	text[word->len] = '\0';
	if (inet_pton(AF_INET, text, &in) != 1)
		return false;
	*address = ntohl(in.s_addr);
	return true;
}

/* Decimal, 1 to 65535. */
static bool parse_port(const struct word *word, uint16_t *port)
{
	uint32_t value = 0;

	for (size_t i = 0; i < word->len; i++) {
		if (word->text[i] < '0' || word->text[i] > '9')
			return false;
		value = value * 10 + (uint32_t)(word->text[i] - '0');
		if (value > UINT16_MAX)
			return false;
	}
	*port = (uint16_t)value;
	return value > 0 && word->len <= 5;
}

/* May the guest have it? */
static bool is_guest(uint32_t address)
{
	return (address & USERNET_MASK) == USERNET_NETWORK && address != USERNET_NETWORK &&
	       address != USERNET_HOST && address != USERNET_NAMESERVER &&
	       address != (USERNET_NETWORK | ~USERNET_MASK);
}

/* Takes @spec apart; what is wrong, or NULL. */
static const char *judge(const char *spec, struct hostfwd *fwd)
{
	struct word protocol, host, host_port, guest, guest_port;
	const char *rest = spec;

	if (!cut(&rest, ':', &protocol) || !cut(&rest, ':', &host) ||
	    !cut(&rest, '-', &host_port) || !cut(&rest, ':', &guest))
		return "not of the form [tcp|udp]:[HOST]:PORT-[GUEST]:PORT, such as tcp::2222-:22";
	guest_port = (struct word){.text = rest, .len = strlen(rest)};
	fwd->udp = word_is(&protocol, "udp");
	if (!fwd->udp && !word_is(&protocol, "tcp") && protocol.len)
		return "begins with neither tcp nor udp";
	if (!parse_address(&host, 0, &fwd->host))
		return "the host's address is not one of IPv4, such as 127.0.0.1; leave it out for "
		       "all";
	if (!parse_port(&host_port, &fwd->host_port))
		return "the host's port is not 1 to 65535";
	if (!parse_address(&guest, USERNET_GUEST, &fwd->guest) || !is_guest(fwd->guest))
		return "the guest's address is none that a guest has in 10.0.2.0/24; leave it out "
		       "for 10.0.2.15";
	if (!parse_port(&guest_port, &fwd->guest_port))
		return "the guest's port is not 1 to 65535";
	return NULL;
}

int hostfwd_parse(const char *spec, struct hostfwd *fwd, struct err *err)
{
	const char *wrong = judge(spec, fwd);
	char quoted[QUOTE];

	if (!wrong)
		return 0;
	return err_set(err, -EINVAL, "hostfwd=%s: %s", option_quote(spec, quoted, sizeof(quoted)),
		       wrong);
}

bool hostfwd_clash(const struct hostfwd *a, const struct hostfwd *b)
{
	return a->udp == b->udp && a->host_port == b->host_port &&
	       (!a->host || !b->host || a->host == b->host);
}
