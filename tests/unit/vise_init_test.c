/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of vise-init that need no guest, compiled from its own sources: it is no library.
 * NOLINTBEGIN(bugprone-suspicious-include): for that reason
 * NOLINTBEGIN(bugprone-not-null-terminated-result): disks are bytes, not strings
 */
#include "guest-init/job.c"
#include "guest-init/modules/decompress.c"
#include "guest-init/root/probe.c"
#include "guest-init/winsize.c"
#include "guest-init/words.c"

#include <check.h>
#include <stdio.h>

static void expect_words(const char *command, const char *const *want)
{
	char copy[256];
	char *words[16];
	int n;

	snprintf(copy, sizeof(copy), "%s", command);
	n = words_split(copy, words, 16);
	for (int i = 0; want[i]; i++) {
		ck_assert_int_gt(n, i);
		ck_assert_str_eq(words[i], want[i]);
		ck_assert_ptr_null(want[i + 1] ? NULL : words[i + 1]);
	}
}

START_TEST(splits_words_as_a_shell_quotes_them)
{
	expect_words("  uname \t -a ", (const char *const[]){"uname", "-a", NULL});
	expect_words("a 'b  c' d\"e f\"g", (const char *const[]){"a", "b  c", "de fg", NULL});
	expect_words("a '' \"\"", (const char *const[]){"a", "", "", NULL});
	expect_words("a\\ b \"\\\"\\\\ \\n\" '\\x'",
		     (const char *const[]){"a b", "\"\\ \\n", "\\x", NULL});
}
END_TEST

START_TEST(refuses_open_quotes_and_too_many_words)
{
	char open_single[] = "a 'b";
	char open_double[] = "\"";
	char many[] = "a b c";
	char none[] = "   ";
	char *words[3];

	ck_assert_int_eq(words_split(open_single, words, 3), -1);
	ck_assert_int_eq(words_split(open_double, words, 3), -1);
	ck_assert_int_eq(words_split(many, words, 3), -1);
	ck_assert_int_eq(words_split(none, words, 3), 0);
	ck_assert_ptr_null(words[0]);
}
END_TEST

START_TEST(tells_plain_commands_from_shell_syntax)
{
	ck_assert(words_plain("uname -a"));
	ck_assert(words_plain("dd if=/dev/zero of=/dev/null"));
	ck_assert(!words_plain("A=1 env"));
	ck_assert(!words_plain("A=1"));
	ck_assert(!words_plain("ls | wc"));
	ck_assert(!words_plain("echo $HOME"));
	ck_assert(!words_plain("a; b"));
	ck_assert(!words_plain("echo 'x'"));
	ck_assert(!words_plain("a\nb"));
}
END_TEST

START_TEST(reads_the_job_file)
{
	char text[] = "exec=echo a=b \\\\n\\nnext\nshell=1\nroot=/dev/vda\nrows=24\ncols=80\n"
		      "selftest=--udp-port 7 --log-file=/a\\\\b\n"
		      "term=xterm";
	struct job job = {.exec = NULL};

	job_parse(text, &job);
	ck_assert_str_eq(job.exec, "echo a=b \\n\nnext");
	ck_assert_str_eq(job.root, "/dev/vda");
	ck_assert_str_eq(job.selftest, "--udp-port 7 --log-file=/a\\b");
	ck_assert_str_eq(job.term, "xterm");
	ck_assert(job.shell);
	ck_assert_uint_eq(job.rows, 24);
	ck_assert_uint_eq(job.cols, 80);
	ck_assert_ptr_null(job.unknown);
}
END_TEST

START_TEST(names_the_first_line_that_it_does_not_know)
{
	static const char *const bad[] = {"color=red\n", "rows=70000\n", "cols=\n", "noise\n",
					  "cols=12x\n"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[64];
		struct job job = {.exec = NULL};

		snprintf(text, sizeof(text), "%sexec=true\n\nother=1\n", bad[i]);
		job_parse(text, &job);
		ck_assert_str_eq(job.exec, "true");
		ck_assert_ptr_nonnull(job.unknown);
		ck_assert_int_eq(strncmp(job.unknown, bad[i], strlen(job.unknown)), 0);
		ck_assert_uint_eq(job.rows, 0);
	}
}
END_TEST

START_TEST(reads_the_kernel_command_line)
{
	char text[] = "console=ttyS0 vise.exec=\"uname -a; exit 3\" quiet \"vise.root=/dev/vd a\""
		      " vise.shell=0 vise.bogus=1 exec=no\n";
	struct job job = {.exec = NULL};

	job_parse_cmdline(text, &job);
	ck_assert_str_eq(job.exec, "uname -a; exit 3");
	ck_assert_str_eq(job.root, "/dev/vd a");
	ck_assert(!job.shell);
	ck_assert_str_eq(job.unknown, "bogus");
}
END_TEST

START_TEST(reads_window_sizes_and_nothing_else)
{
	static const char *const bad[] = {"winsize",
					  "winsize 1",
					  "winsize 0 1",
					  "winsize 1 65536",
					  "winsize 1 2 ",
					  "winsize -1 2",
					  "winsize 1  2",
					  "winsizes 1 2",
					  "",
					  "winsize 99999999999999999999 1"};
	unsigned short rows = 0;
	unsigned short cols = 0;

	ck_assert(winsize_parse("winsize 50 132", &rows, &cols));
	ck_assert_uint_eq(rows, 50);
	ck_assert_uint_eq(cols, 132);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert(!winsize_parse(bad[i], &rows, &cols));
}
END_TEST

START_TEST(knows_file_systems_by_their_signatures)
{
	static uint8_t disk[PROBE_LEN];

	ck_assert_ptr_null(probe_type(disk, sizeof(disk)));
	disk[0x438] = 0x53;
	disk[0x439] = 0xef;
	ck_assert_str_eq(probe_type(disk, sizeof(disk)), "ext4");
	ck_assert_ptr_null(probe_type(disk, 0x439));
	ck_assert_ptr_null(probe_type(disk, 0));
	memset(disk, 0, sizeof(disk));
	memcpy(disk + 0x10040, "_BHRfS_M", 8);
	ck_assert_str_eq(probe_type(disk, sizeof(disk)), "btrfs");
	memcpy(disk, "XFSB", 4);
	ck_assert_str_eq(probe_type(disk, sizeof(disk)), "xfs");
}
END_TEST

#define PLAIN_LEN 600000U

/* Packs @in with codec @which: gzip, xz, zstd. */
static size_t pack(int which, const uint8_t *in, size_t len, uint8_t *out, size_t room)
{
	if (which == 0) {
		z_stream z = {.next_in = (Bytef *)(uintptr_t)in, .avail_in = (uInt)len};

		z.next_out = out;
		z.avail_out = (uInt)room;
		ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, 0), Z_OK);
		ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
		deflateEnd(&z);
		return room - z.avail_out;
	}
	if (which == 1) {
		size_t used = 0;

		ck_assert_int_eq(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, in, len, out,
							 &used, room),
				 LZMA_OK);
		return used;
	}
	ZSTD_CCtx *z = ZSTD_createCCtx();

	ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
	room = ZSTD_compress2(z, out, room, in, len);
	ZSTD_freeCCtx(z);
	return room;
}

START_TEST(unpacks_each_format_and_refuses_damage)
{
	uint8_t *plain = malloc(PLAIN_LEN);
	uint8_t *packed = malloc(2 * PLAIN_LEN);
	uint8_t *out = NULL;
	size_t out_len = 0;
	size_t len;

	for (size_t i = 0; i < PLAIN_LEN; i++)
		plain[i] = (uint8_t)((i * 2654435761U) >> 13 & 0x3f);
	len = pack(_i, plain, PLAIN_LEN, packed, 2 * PLAIN_LEN);
	ck_assert_int_eq(decompress(packed, len, PLAIN_LEN, &out, &out_len), 0);
	ck_assert_uint_eq(out_len, PLAIN_LEN);
	ck_assert_mem_eq(out, plain, PLAIN_LEN);
	free(out);
	ck_assert_int_eq(decompress(packed, len, PLAIN_LEN - 1, &out, &out_len), -EFBIG);
	ck_assert_int_eq(decompress(packed, len / 2, PLAIN_LEN, &out, &out_len), -EBADMSG);
	/* Where the damage makes it longer, that is what is told. */
	memset(packed + len / 2, 0xa5, 64);
	ck_assert_int_lt(decompress(packed, len, PLAIN_LEN, &out, &out_len), 0);
	free(plain);
	free(packed);
}
END_TEST

START_TEST(says_that_a_format_is_unknown)
{
	uint8_t *out = NULL;
	size_t len = 0;

	ck_assert_int_eq(decompress((const uint8_t *)"\x7f"
						     "ELF",
				    4, 100, &out, &len),
			 -ENOTSUP);
	ck_assert_int_eq(decompress((const uint8_t *)"", 0, 100, &out, &len), -ENOTSUP);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vise_init");
	TCase *tc = tcase_create("pure");
	SRunner *sr;

	tcase_add_test(tc, splits_words_as_a_shell_quotes_them);
	tcase_add_test(tc, refuses_open_quotes_and_too_many_words);
	tcase_add_test(tc, tells_plain_commands_from_shell_syntax);
	tcase_add_test(tc, reads_the_job_file);
	tcase_add_test(tc, names_the_first_line_that_it_does_not_know);
	tcase_add_test(tc, reads_the_kernel_command_line);
	tcase_add_test(tc, reads_window_sizes_and_nothing_else);
	tcase_add_test(tc, knows_file_systems_by_their_signatures);
	tcase_add_loop_test(tc, unpacks_each_format_and_refuses_damage, 0, 3);
	tcase_add_test(tc, says_that_a_format_is_unknown);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	return srunner_ntests_failed(sr) != 0;
}
/* NOLINTEND(bugprone-not-null-terminated-result) */
/* NOLINTEND(bugprone-suspicious-include) */
