/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/scenario/report.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

void report_print_failure(const struct play *play, FILE *out)
{
	const struct failure *f = &play->failure;
	char *text;

	if (!f->statement)
		return;
	text = text_escape(f->text, sizeof(f->text));
	fprintf(out, "%s:%u: %s: %s\n", f->statement->file, f->statement->line,
		f->statement->row->name, text ? text : "");
	free(text);
	if (!f->seen)
		return;
	fputs("the last lines of the serial port:\n", out);
	for (const char *line = f->seen; *line; line += strcspn(line, "\n") + 1)
		fprintf(out, "    %.*s\n", (int)strcspn(line, "\n"), line);
}

/* XML's own characters as entities, and what XML cannot hold as \xHH. */
static void print_xml(FILE *out, const char *text)
{
	static const char special[] = "&<>\"";
	static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;"};
	char *shown = text_escape(text, SCRIPT_FILE_MAX);

	for (const char *c = shown ? shown : ""; *c; c++) {
		const char *at = strchr(special, *c);

		if (at)
			fputs(entities[at - special], out);
		else
			fputc(*c, out);
	}
	free(shown);
}

static void print_case(const struct play *play, const struct step_result *r, const char *name,
		       FILE *out)
{
	const struct failure *f = &play->failure;

	fputs("  <testcase classname=\"", out);
	print_xml(out, name);
	fputs("\" name=\"", out);
	print_xml(out, r->statement->file);
	fprintf(out, ":%u: ", r->statement->line);
	print_xml(out, r->statement->text);
	fprintf(out, "\" time=\"%.3f\"", r->seconds);
	if (!r->failed) {
		fputs("/>\n", out);
		return;
	}
	fputs(">\n    <failure type=\"", out);
	print_xml(out, *f->token ? f->token : r->statement->row->name);
	fputs("\" message=\"", out);
	print_xml(out, f->text);
	fputs("\">", out);
	for (const char *line = f->seen ? f->seen : ""; *line; line += strcspn(line, "\n") + 1) {
		char *one = strndup(line, strcspn(line, "\n"));

		print_xml(out, one ? one : "");
		fputc('\n', out);
		free(one);
	}
	fputs("</failure>\n  </testcase>\n", out);
}

static int finish(FILE *out, const char *path, struct err *err)
{
	bool bad = ferror(out);

	if (fclose(out) != 0 || bad)
		return err_set_errno(err, errno ? errno : EIO, "report %s: cannot write", path);
	return 0;
}

static FILE *create(const char *path, struct err *err)
{
	FILE *out = fopen(path, "we");

	if (!out)
		err_set_errno(err, errno, "report %s: cannot create", path);
	return out;
}

int report_junit(const struct play *play, const char *name, const char *path, struct err *err)
{
	FILE *out = create(path, err);

	if (!out)
		return err->code;
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"", out);
	print_xml(out, name);
	fprintf(out, "\" tests=\"%zu\" failures=\"%d\" errors=\"0\" skipped=\"0\" time=\"%.3f\">\n",
		play->n_results, play->failure.statement != NULL, play->seconds);
	for (size_t i = 0; i < play->n_results; i++)
		print_case(play, &play->results[i], name, out);
	fputs("</testsuite>\n", out);
	return finish(out, path, err);
}

/* A string that is UTF-8 whatever @text is. */
static json_t *string(const char *text)
{
	char *shown = text_escape(text, SCRIPT_FILE_MAX);
	json_t *json = json_string(shown ? shown : "");

	free(shown);
	return json;
}

static json_t *place(const struct statement *s)
{
	json_t *json = json_object();

	json_object_set_new(json, "file", string(s->file));
	json_object_set_new(json, "line", json_integer(s->line));
	json_object_set_new(json, "statement", string(s->text));
	return json;
}

static json_t *failure_json(const struct failure *f)
{
	json_t *json, *seen = json_array();

	if (!f->statement) {
		json_decref(seen);
		return json_null();
	}
	json = place(f->statement);
	json_object_set_new(json, "token", *f->token ? string(f->token) : json_null());
	json_object_set_new(json, "message", string(f->text));
	for (const char *line = f->seen ? f->seen : ""; *line; line += strcspn(line, "\n") + 1)
		json_array_append_new(seen, json_stringn(line, strcspn(line, "\n")));
	json_object_set_new(json, "serial", seen);
	return json;
}

int report_json(const struct play *play, const char *name, const char *path, struct err *err)
{
	json_t *steps = json_array();
	json_t *root = json_object();
	FILE *out = create(path, err);

	for (size_t i = 0; i < play->n_results; i++) {
		json_t *step = place(play->results[i].statement);

		json_object_set_new(step, "seconds", json_real(play->results[i].seconds));
		json_object_set_new(step, "passed", json_boolean(!play->results[i].failed));
		json_array_append_new(steps, step);
	}
	json_object_set_new(root, "scenario", string(name));
	json_object_set_new(root, "passed", json_boolean(!play->failure.statement));
	json_object_set_new(root, "seconds", json_real(play->seconds));
	json_object_set_new(root, "failure", failure_json(&play->failure));
	json_object_set_new(root, "steps", steps);
	if (out) {
		json_dumpf(root, out, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
		fputc('\n', out);
	}
	json_decref(root);
	return out ? finish(out, path, err) : err->code;
}
