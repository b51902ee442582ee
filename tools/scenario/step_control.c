/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/scenario/steps.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The reply as one line for people; the caller frees. */
static char *show(const json_t *reply)
{
	char *text = json_dumps(reply, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
	char *shown = text ? text_escape(text, 300) : NULL;

	free(text);
	return shown;
}

static int refused(const char *command, const char *expected, const json_t *reply, struct err *err)
{
	char *shown = show(reply);

	err_set(err, -EPROTO, "%s: %sthe reply was %s", command, expected,
		shown ? shown : "too long");
	free(shown);
	return -EPROTO;
}

int step_request(struct play *play, const char *command, json_t *arguments, struct err *err)
{
	json_t *reply = NULL;
	int rc = target_request(&play->target, command, arguments, &reply, err);

	json_decref(arguments);
	if (!rc && !json_object_get(reply, "return"))
		rc = refused(command, "", reply, err);
	json_decref(reply);
	return rc;
}

int run_command(struct play *play, struct step *step, struct err *err)
{
	return step_request(play, step->statement->row->command, NULL, err);
}

int check_link(char *const *words, size_t n, struct err *err)
{
	(void)n;
	if (strcmp(words[1], "up") == 0 || strcmp(words[1], "down") == 0)
		return 0;
	return err_set(err, -EINVAL, "\"%.40s\": expected up or down", words[1]);
}

int run_link(struct play *play, struct step *step, struct err *err)
{
	bool up = strcmp(step->words[1], "up") == 0;

	return step_request(play, "set_link",
			    json_pack("{s:s, s:b}", "name", step->words[0], "up", up), err);
}

static int parse_size(const char *text, long long *bytes, struct err *err)
{
	static const char units[] = "KMGT";
	size_t len = strlen(text);
	const char *unit = len ? strchr(units, toupper((unsigned char)text[len - 1])) : NULL;
	int shift = unit && *unit ? 10 * (int)(unit - units + 1) : 0;
	char *digits = strndup(text, shift ? len - 1 : len);
	int rc = digits ? step_integer(digits, 0, INT64_MAX >> shift, bytes, NULL) : -ENOMEM;

	free(digits);
	if (rc)
		return err_set(
			err, -EINVAL,
			"\"%.40s\" is no size: expected bytes, or a number with K, M, G or T",
			text);
	*bytes <<= shift;
	return 0;
}

int check_resize(char *const *words, size_t n, struct err *err)
{
	long long bytes;

	(void)n;
	return parse_size(words[1], &bytes, err);
}

int run_resize(struct play *play, struct step *step, struct err *err)
{
	long long bytes = 0;
	int rc = parse_size(step->words[1], &bytes, err);

	return rc ? rc
		  : step_request(play, "block_resize",
				 json_pack("{s:s, s:I}", "device", step->words[0], "size",
					   (json_int_t)bytes),
				 err);
}

/* A request in pieces; the JSON is ours until request_fini(). */
struct request {
	json_t *arguments;
	json_t *returns;
	const char *error;
};

static void request_fini(struct request *r)
{
	json_decref(r->arguments);
	json_decref(r->returns);
}

static int parse_json(const char *text, json_t **value, struct err *err)
{
	json_error_t why;

	*value = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &why);
	return *value ? 0 : err_set(err, -EINVAL, "\"%.60s\" is no JSON: %s", text, why.text);
}

static int parse_request(char *const *words, size_t n, struct request *r, struct err *err)
{
	size_t at = 1;
	int rc = 0;

	*r = (struct request){0};
	if (at < n && *words[at] == '{')
		rc = parse_json(words[at++], &r->arguments, err);
	if (!rc && n - at == 2 && strcmp(words[at], "returns") == 0)
		rc = parse_json(words[at + 1], &r->returns, err);
	else if (!rc && n - at == 2 && strcmp(words[at], "error") == 0)
		r->error = words[at + 1];
	else if (!rc && at < n)
		rc = err_set(err, -EINVAL,
			     "\"%.40s\": expected {JSON}, returns {JSON} or error TEXT", words[at]);
	if (rc)
		request_fini(r);
	return rc;
}

int check_request(char *const *words, size_t n, struct err *err)
{
	struct request r;
	int rc = parse_request(words, n, &r, err);

	if (!rc)
		request_fini(&r);
	return rc;
}

/* Whether @seen has at least the members of @wanted; whatever is no object must be equal. */
static bool covers(const json_t *seen, json_t *wanted)
{
	const char *key;
	json_t *value;

	if (!json_is_object(wanted) || !json_is_object(seen))
		return json_equal(seen, wanted);
	json_object_foreach(wanted, key, value)
	{
		const json_t *member = json_object_get(seen, key);

		if (!member || !covers(member, value))
			return false;
	}
	return true;
}

static bool fails_as(const json_t *error, const char *text)
{
	const char *class = json_string_value(json_object_get(error, "class"));
	const char *desc = json_string_value(json_object_get(error, "desc"));

	return (class && strstr(class, text)) || (desc && strstr(desc, text));
}

static int check_reply(const char *command, const struct request *r, const json_t *reply,
		       struct err *err)
{
	const json_t *value = json_object_get(reply, "return");
	const json_t *error = json_object_get(reply, "error");

	if (r->error)
		return error && fails_as(error, r->error)
			       ? 0
			       : refused(command, "expected another error; ", reply, err);
	if (!value)
		return refused(command, "", reply, err);
	if (r->returns && !covers(value, r->returns))
		return refused(command, "expected other members; ", reply, err);
	return 0;
}

int run_request(struct play *play, struct step *step, struct err *err)
{
	json_t *reply = NULL;
	struct request r;
	int rc = parse_request(step->words, step->n, &r, err);

	if (rc)
		return rc;
	rc = target_request(&play->target, step->words[0], r.arguments, &reply, err);
	if (!rc)
		rc = check_reply(step->words[0], &r, reply, err);
	json_decref(reply);
	request_fini(&r);
	return rc;
}
