/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/stream_fixture.h"

/* Streams in memory */

static void expect_fetched(struct stream *s, const char *text)
{
	char buf[64] = "";

	ck_assert_uint_eq(stream_ring_read(s, buf, sizeof(buf) - 1), strlen(text));
	ck_assert_str_eq(buf, text);
}

START_TEST(output_stays_until_it_is_fetched)
{
	struct stream *s = start("ring");
	char two[2];

	ck_assert(stream_is_ring(s));
	settle();
	ck_assert_str_eq(user->opened, "o");
	ck_assert_uint_eq(stream_write(s, "hello ", 6), 6);
	ck_assert_uint_eq(stream_write(s, "ring", 4), 4);
	settle();
	stream_drain(s, 1000);
	ck_assert_uint_eq(stream_ring_read(s, two, 2), 2);
	ck_assert_mem_eq(two, "he", 2);
	expect_fetched(s, "llo ring");
	expect_fetched(s, "");
}
END_TEST

START_TEST(full_ring_makes_the_writer_wait_and_loses_nothing)
{
	struct stream *s = start("ring:1K");
	size_t sent = 0;
	size_t got = 0;
	unsigned int rounds = 0;

	while (got < 10000) {
		uint8_t buf[700];
		size_t len = 1 + sent % sizeof(buf);
		unsigned int told = user->writable;
		size_t n;

		for (size_t i = 0; i < len; i++)
			buf[i] = pattern(sent + i);
		n = stream_write(s, buf, len);
		ck_assert_uint_le(sent + n - got, 1024);
		sent += n;
		if (n == len)
			continue;
		ck_assert_uint_eq(sent - got, 1024);
		/* Told at half, once. */
		n = stream_ring_read(s, buf, 511);
		ck_assert_uint_eq(user->writable, told);
		for (size_t i = 0; i < n; i++)
			ck_assert_uint_eq(buf[i], pattern(got++));
		n = stream_ring_read(s, buf, 1 + sent % 300);
		ck_assert_uint_eq(user->writable, told + 1);
		for (size_t i = 0; i < n; i++)
			ck_assert_uint_eq(buf[i], pattern(got++));
		rounds++;
	}
	ck_assert_uint_gt(rounds, 5);
}
END_TEST

START_TEST(smallest_ring_passes_one_byte_at_a_time)
{
	struct stream *s = start("ring:1");

	for (unsigned int i = 1; i < 10; i++) {
		ck_assert_uint_eq(stream_write(s, "ab", 2), 1);
		ck_assert_uint_eq(stream_write(s, "b", 1), 0);
		expect_fetched(s, "a");
		ck_assert_uint_eq(user->writable, i);
	}
}
END_TEST

START_TEST(input_reaches_the_device_at_its_pace)
{
	struct stream *s = start("ring");
	static uint8_t data[MIB];
	size_t given = 0;

	for (size_t i = 0; i < MIB; i++)
		data[i] = pattern(i);
	ck_assert_uint_eq(stream_ring_write(s, data, 1000), 1000);
	ck_assert_uint_eq(user->len, 1000);
	user->closed = true;
	given = 1000 + stream_ring_write(s, data + 1000, MIB - 1000);
	ck_assert_uint_eq(given, 1000 + 65536);
	ck_assert_uint_eq(stream_ring_write(s, "x", 1), 0);
	settle();
	ck_assert_uint_eq(user->len, 1000);
	user->closed = false;
	user->limit = 999;
	while (user->len < MIB) {
		size_t before = user->len;

		stream_want_input(s);
		given += stream_ring_write(s, data + given, MIB - given);
		settle();
		ck_assert_uint_gt(user->len, before);
		ck_assert_uint_le(given - user->len, 65536);
		if (user->len > 300000)
			user->limit = 0;
	}
	ck_assert_mem_eq(user->got, data, MIB);
}
END_TEST

START_TEST(input_before_the_start_waits)
{
	const struct stream_user u = connected();
	struct stream *s = user->stream = open_spec("ring:16");

	ck_assert_uint_eq(stream_ring_write(s, "early", 5), 5);
	ck_assert_int_eq(stream_start(s, &u, &err), 0);
	settle();
	expect_got("early");
	ck_assert_str_eq(user->opened, "o<");
}
END_TEST

START_TEST(other_kinds_are_no_rings)
{
	struct stream *s = start("null");
	char buf[4];

	ck_assert(!stream_is_ring(s));
	ck_assert_uint_eq(stream_ring_write(s, "x", 1), 0);
	ck_assert_uint_eq(stream_ring_read(s, buf, sizeof(buf)), 0);
	settle();
	ck_assert_str_eq(user->opened, "o");
}
END_TEST

int main(void)
{
	TCase *tc = stream_tcase();

	tcase_add_test(tc, output_stays_until_it_is_fetched);
	tcase_add_test(tc, full_ring_makes_the_writer_wait_and_loses_nothing);
	tcase_add_test(tc, smallest_ring_passes_one_byte_at_a_time);
	tcase_add_test(tc, input_reaches_the_device_at_its_pace);
	tcase_add_test(tc, input_before_the_start_waits);
	tcase_add_test(tc, other_kinds_are_no_rings);
	return run_tcase("stream_ring", tc);
}
