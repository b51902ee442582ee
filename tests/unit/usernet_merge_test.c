/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/usernet/merge.h"

#include "vmm/host/usernet/usernet.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* Segments joined are the same bytes in the same places, with checksums that are right. */

#define STREAM 200000U

static struct merge m;

struct piece {
	uint8_t frame[FRAME_MAX];
	size_t len;
};

static uint8_t byte_at(uint32_t seq)
{
	return (uint8_t)(seq * 31 + (seq >> 8));
}

/* A segment of the stream: @len bytes from @seq on. */
static struct piece make(uint16_t port, uint32_t seq, size_t len, uint8_t flags)
{
	struct udp_way way = {.src = USERNET_GUEST, .dst = USERNET_HOST};
	uint8_t body[FRAME_UDP_MAX] = {0};
	struct ip_packet ip;
	struct piece p;
	uint8_t *h = p.frame + ETH_HEADER + IPV4_HEADER;

	for (size_t i = 0; i < len; i++)
		body[TCP_HEADER - UDP_HEADER + i] = byte_at(seq + (uint32_t)i);
	p.len = frame_make_udp(p.frame, &way, body, TCP_HEADER - UDP_HEADER + len);
	p.frame[ETH_HEADER + IPV4_PROTOCOL] = IPV4_TCP;
	st_be16(p.frame + ETH_HEADER + IPV4_CHECKSUM, 0);
	st_be16(p.frame + ETH_HEADER + IPV4_CHECKSUM,
		frame_fold(frame_sum(0, p.frame + ETH_HEADER, IPV4_HEADER)));
	memset(h, 0, TCP_HEADER);
	st_be16(h + TCP_SRC, port);
	st_be16(h + TCP_DST, 80);
	st_be32(h + TCP_SEQ, seq);
	st_be32(h + TCP_ACK_NO, 1000);
	h[TCP_OFFSET] = TCP_HEADER / 4U << 4;
	h[TCP_FLAGS] = flags;
	st_be16(h + TCP_WINDOW, 500);
	ck_assert(frame_parse_ip(p.frame, p.len, &ip));
	st_be16(h + TCP_CHECKSUM,
		frame_transport_checksum(&ip, ip.len, frame_sum(0, ip.payload, ip.len)));
	return p;
}

static bool take(const struct piece *p)
{
	struct ip_packet ip;

	ck_assert(frame_parse_ip(p->frame, p->len, &ip));
	return merge_take(&m, p->frame, &ip);
}

/* What was joined is whole and right; returns how many bytes of the stream it has from @seq on. */
static size_t expect(uint16_t port, uint32_t seq)
{
	struct ip_packet ip;
	size_t len, data;
	const uint8_t *frame = merge_finish(&m, &len);

	ck_assert_ptr_nonnull(frame);
	ck_assert(frame_parse_ip(frame, len, &ip));
	ck_assert_uint_eq(ip.len + IPV4_HEADER + ETH_HEADER, len);
	ck_assert_uint_eq(frame_transport_checksum(&ip, ip.len, frame_sum(0, ip.payload, ip.len)),
			  0);
	ck_assert_uint_eq(ld_be16(ip.payload + TCP_SRC), port);
	ck_assert_uint_eq(ld_be32(ip.payload + TCP_SEQ), seq);
	ck_assert_uint_eq(ld_be32(ip.payload + TCP_ACK_NO), 1000);
	ck_assert_uint_eq(ld_be16(ip.payload + TCP_WINDOW), 500);
	data = ip.len - TCP_HEADER;
	for (size_t i = 0; i < data; i++)
		ck_assert_uint_eq(ip.payload[TCP_HEADER + i], byte_at(seq + (uint32_t)i));
	ck_assert_ptr_null(merge_finish(&m, &len));
	return data;
}

static void setup(void)
{
	m = (struct merge){0};
}

START_TEST(a_stream_cut_anywhere_stays_the_stream)
{
	uint32_t seq = 0xffff8000, done = seq; /* the numbers wrap */
	const uint32_t end = seq + STREAM;
	unsigned int seed = 3, joined = 0, segments = 0;

	while (seq != end) {
		size_t len = 1 + (size_t)rand_r(&seed) % 1460;
		struct piece p;

		if (rand_r(&seed) % 4)
			len = 1460;
		len = len < end - seq ? len : end - seq;
		p = make(3000, seq, len, TCP_ACK);
		segments++;
		if (!take(&p)) {
			done += (uint32_t)expect(3000, done);
			joined++;
			ck_assert(take(&p));
		}
		seq += (uint32_t)len;
	}
	done += (uint32_t)expect(3000, done);
	ck_assert_uint_eq(done, end);
	ck_assert_uint_lt(joined, segments / 2);
}
END_TEST

START_TEST(it_is_as_long_as_a_packet_can_be)
{
	uint32_t seq = 0;
	struct piece p = make(3000, seq, 1460, TCP_ACK);

	while (take(&p)) {
		seq += 1460;
		p = make(3000, seq, 1460, TCP_ACK);
	}
	ck_assert_uint_gt(seq + 1460 + TCP_HEADER + IPV4_HEADER, 65535);
	ck_assert_uint_eq(expect(3000, 0), seq);
}
END_TEST

START_TEST(a_push_stays)
{
	struct piece a = make(3000, 0, 100, TCP_ACK), b = make(3000, 100, 100, TCP_ACK | TCP_PSH);
	size_t len;

	ck_assert(take(&a));
	ck_assert(take(&b));
	ck_assert_uint_eq(merge_finish(&m, &len)[ETH_HEADER + IPV4_HEADER + TCP_FLAGS],
			  TCP_ACK | TCP_PSH);
}
END_TEST

/* Nothing is joined to the first of 100 bytes but what continues it. */
START_TEST(what_does_not_follow_is_not_joined)
{
	const struct piece first = make(3000, 0, 100, TCP_ACK);
	struct piece others[] = {
		make(3001, 100, 100, TCP_ACK),		 /* another connection */
		make(3000, 0, 100, TCP_ACK),		 /* sent again */
		make(3000, 200, 100, TCP_ACK),		 /* one is missing */
		make(3000, 100, 0, TCP_ACK),		 /* no data */
		make(3000, 100, 100, TCP_ACK | TCP_FIN), /* more than data */
		make(3000, 100, 100, TCP_SYN),
		make(3000, 100, 100, TCP_ACK | TCP_RST),
		make(3000, 100, 100, TCP_ACK | 0x20U), /* urgent */
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		ck_assert(take(&first));
		ck_assert_msg(!take(&others[i]), "%zu", i);
		ck_assert_uint_eq(expect(3000, 0), 100);
	}
}
END_TEST

/* With any bit of the packet turned it is not taken, and neither changes nor ends what is there. */
START_TEST(damage_is_not_joined)
{
	const struct piece first = make(3000, 0, 100, TCP_ACK);
	struct piece p = make(3000, 100, 64, TCP_ACK);
	struct ip_packet ip;

	ck_assert(take(&first));
	for (size_t bit = ETH_HEADER * 8; bit < p.len * 8; bit++) {
		p.frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (frame_parse_ip(p.frame, p.len, &ip))
			ck_assert_msg(!merge_take(&m, p.frame, &ip), "bit %zu", bit);
		p.frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	ck_assert(take(&p));
	ck_assert_uint_eq(expect(3000, 0), 164);
}
END_TEST

START_TEST(sums_are_those_of_the_words)
{
	uint8_t data[67];
	unsigned int seed = 4;

	for (int round = 0; round < 2000; round++) {
		size_t len = (size_t)rand_r(&seed) % sizeof(data);
		uint32_t sum = 0;

		for (size_t i = 0; i < len; i++) {
			data[i] = (uint8_t)(round % 3 ? rand_r(&seed) : 0xff);
			sum += i % 2 ? data[i] : (uint32_t)data[i] << 8;
		}
		ck_assert_uint_eq(frame_fold(frame_sum(7, data, len)), frame_fold(7 + sum));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("usernet_merge");
	TCase *tc = tcase_create("merge");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, a_stream_cut_anywhere_stays_the_stream);
	tcase_add_test(tc, it_is_as_long_as_a_packet_can_be);
	tcase_add_test(tc, a_push_stays);
	tcase_add_test(tc, what_does_not_follow_is_not_joined);
	tcase_add_test(tc, damage_is_not_joined);
	tcase_add_test(tc, sums_are_those_of_the_words);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
