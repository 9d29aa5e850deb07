#include "case.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "json/body.h"

enum { FILE_MAX = 1 << 20, BODY_MAX = 1 << 26, REPEAT_MAX = 1 << 25, STATUS_MAX = 599 };

static const char blanks[] = " \t";

/* One reading of a file. */
struct reading {
	struct case_file *file;
	char *rest;			/* what has not been read */
	char *line;			/* the one in hand, NUL-terminated; NULL: the end */
	int number;
	struct act *act;		/* the one in hand */
	bool after_expect;		/* its "expect" has been seen */
	struct error *e;
};

PRINTF_LIKE(2, 3) static enum err
fail(const struct reading *r, const char *fmt, ...)
{
	char what[ERROR_DETAIL_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	return error_set(r->e, ERR_INVALID, "%s:%d: %s", r->file->path, r->number, what);
}

/* --- lines --- */

static void
next_line(struct reading *r)
{
	char *end;

	r->line = r->rest;
	r->number++;
	if (*r->line == '\0') {
		r->line = NULL;
		return;
	}
	end = strchr(r->line, '\n');
	r->rest = end != NULL ? end + 1 : r->line + strlen(r->line);
	if (end != NULL)
		*end = '\0';
}

static bool
is_blank(const char *line)
{
	return line[strspn(line, blanks)] == '\0';
}

/* What follows WORD in LINE, NULL where LINE does not begin with it. */
static const char *
after(const char *line, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(line, word, n) != 0 || (line[n] != ' ' && line[n] != '\0'))
		return NULL;
	return line + n + strspn(line + n, blanks);
}

/* The lines up to a blank one, or to "expect", or the end; stands behind them. */
static const char *
take_block(struct reading *r)
{
	struct text *t = text_new(r->file, FILE_MAX);

	for (; r->line != NULL && !is_blank(r->line) && after(r->line, "expect") == NULL;
	    next_line(r)) {
		if (t->len > 0)
			text_puts(t, "\n");
		text_puts(t, r->line);
	}
	return t->at;
}

/* --- values --- */

static int
hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c != '\0' ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* Adds S to T with \n, \t, \\ and \xNN taken for what they mean. */
static enum err
add_escaped(const struct reading *r, struct text *t, const char *s)
{
	static const char letters[] = "nrt\\", meanings[] = "\n\r\t\\";

	for (; *s != '\0'; s++) {
		const char *at;
		char byte;

		if (*s != '\\') {
			text_add(t, s, 1);
			continue;
		}
		s++;
		at = *s != '\0' ? strchr(letters, *s) : NULL;
		if (at == NULL && (*s != 'x' || hex_value(s[1]) < 0 || hex_value(s[2]) < 0))
			return fail(r, "only \\n, \\r, \\t, \\\\ and \\xNN are known");
		byte = (char)(at != NULL ? meanings[at - letters] :
		    hex_value(s[1]) << 4 | hex_value(s[2]));
		text_add(t, &byte, 1);
		s += at != NULL ? 0 : 2;
	}
	return ERR_OK;
}

/* Adds the escaped line S to *AT, *LEN: several such lines are one value. */
static enum err
take_escaped(struct reading *r, const char *s, const char **at, size_t *len)
{
	struct text *t = text_new(r->file, BODY_MAX);

	if (*at != NULL)
		text_add(t, *at, *len);
	if (add_escaped(r, t, s) != ERR_OK)
		return r->e->code;
	*at = t->at;
	*len = t->len;
	return ERR_OK;
}

/* "N TEMPLATE": the template with as many x for its "..." that it has N bytes. */
static enum err
take_big(struct reading *r, const char *s)
{
	size_t digits = strcspn(s, " "), n;
	const char *dots = strstr(s, "...");
	char *body;
	int64_t size;

	if (dots == NULL || s[digits] == '\0' || dots < s + digits ||
	    !text_int(mem_textn(r->file, s, digits), 1, BODY_MAX, &size))
		return fail(r, "bigbody wants a number, and a text with ... in it");
	s += digits + 1;
	n = (size_t)size;
	if (strlen(s) - strlen("...") > n)
		return fail(r, "bigbody: the text alone is larger");
	body = memset(mem_bytes(r->file, n + 1), 'x', n);
	memcpy(body, s, (size_t)(dots - s));
	dots += strlen("...");
	memcpy(body + n - strlen(dots), dots, strlen(dots) + 1);
	r->act->body = body;
	r->act->body_len = n;
	r->act->is_raw = true;
	return ERR_OK;
}

/* "NAME VALUE" or "NAME: VALUE". */
static enum err
take_pair(struct reading *r, const char *s, struct pairs *list)
{
	size_t n = strcspn(s, ": ");
	const char *value = s + n + strspn(s + n, ": ");

	if (n == 0 || *value == '\0')
		return fail(r, "a name and a value are wanted");
	list->at = MEM_GROW(r->file, list->at, struct pair, list->n + 1);
	list->at[list->n++] = (struct pair){ mem_textn(r->file, s, n), value };
	return ERR_OK;
}

/* --- acts --- */

static struct act *
add_act(struct reading *r, enum act_kind kind)
{
	struct case_file *f = r->file;

	f->acts = MEM_GROW(f, f->acts, struct act, f->n_acts + 1);
	r->act = &f->acts[f->n_acts++];
	*r->act = (struct act){ .kind = kind, .line = r->number, .as = "admin" };
	r->after_expect = false;
	return r->act;
}

/* "METHOD PATH" */
static enum err
add_call(struct reading *r, const char *s)
{
	struct act *a = add_act(r, ACT_CALL);
	size_t n = strcspn(s, blanks);
	const char *path = s + n + strspn(s + n, blanks);
	char *name = mem_textn(r->file, s, n);

	a->method = method_find(name);
	if (a->method == METHOD_NONE && strcmp(name, "BREW") != 0)
		return fail(r, "%s is no method (BREW stands for one that is not known)", name);
	if (*path != '/' && strncmp(path, "~/", 2) != 0)
		return fail(r, "the path must begin with / or ~/");
	a->path = path;
	next_line(r);
	return ERR_OK;
}

static enum err
read_given(struct reading *r, const char *s)
{
	const char *name = after(s, "file");
	struct act *a;

	if (strcmp(s, "config") == 0) {
		next_line(r);
		r->file->config = mem_printf(r->file, "%s%s\n", r->file->config, take_block(r));
		return ERR_OK;
	}
	if (name == NULL && strcmp(s, "sql") != 0) {
		if (add_call(r, s) != ERR_OK)
			return r->e->code;
		r->act->is_given = true;
		r->act->status = err_status(ERR_OK);
		return ERR_OK;
	}
	a = add_act(r, name != NULL ? ACT_FILE : ACT_SQL);
	a->path = name;
	next_line(r);
	a->body = take_block(r);
	a->body_len = strlen(a->body);
	r->act = NULL;
	return a->body_len > 0 ? ERR_OK : fail(r, "nothing is given");
}

static enum err
read_header(struct reading *r, const char *s)
{
	struct act *a = r->act;
	struct pairs one = { 0, NULL };
	const struct {
		const char *name, **place;
	} known[] = {
		{ "Prefer", &a->prefer },
		{ "Idempotency-Key", &a->idempotency_key },
		{ "Authorization", &a->authorization },
		{ "Cookie", &a->cookie },
		{ "Sec-Fetch-Site", &a->fetch_site },
		{ "Origin", &a->origin },
		{ "Host", &a->host },
		{ "Content-Encoding", &a->encoding },
		{ "REMOTE_USER", &a->remote_user },
		{ "REMOTE_ADDR", &a->remote },
		{ "HTTPS", &a->https },
	};

	if (take_pair(r, s, &one) != ERR_OK)
		return r->e->code;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(one.at->name, known[i].name) == 0) {
			*known[i].place = one.at->value;
			return ERR_OK;
		}
	return fail(r, "a request knows no header %s", one.at->name);
}

static enum err
read_expect(struct reading *r, const char *s)
{
	int64_t status;

	if (r->act->status != 0)
		return fail(r, "a given call must be 200, a request has one expect");
	if (!text_int(s, err_status(ERR_OK), STATUS_MAX, &status))
		return fail(r, "expect wants a status");
	r->act->status = (int)status;
	r->after_expect = true;
	r->file->n_requests++;
	return ERR_OK;
}

/* Lines of a call that begin with a word of ours. FOUND false: it is none. */
static enum err
read_directive(struct reading *r, bool *found)
{
	struct act *a = r->act;
	const char *s;

	*found = true;
	if ((s = after(r->line, "save")) != NULL)
		return take_pair(r, s, &a->saved);
	if ((s = after(r->line, "expect-header")) != NULL)
		return take_pair(r, s, &a->headers);
	if ((s = after(r->line, "expect-text")) != NULL) {
		a->want_text = s;
		return ERR_OK;
	}
	if ((s = after(r->line, "expect-raw")) != NULL)
		return take_escaped(r, s, &a->want_raw, &a->want_raw_len);
	if ((s = after(r->line, "expect")) != NULL)
		return read_expect(r, s);
	*found = !r->after_expect;
	if (!*found)
		return ERR_OK;
	if ((s = after(r->line, "as")) != NULL)
		a->as = s;
	else if ((s = after(r->line, "type")) != NULL)
		a->type = s;
	else if ((s = after(r->line, "again")) != NULL)
		a->again = true;
	else if ((s = after(r->line, "cut")) != NULL)
		a->is_cut = true;
	else if ((s = after(r->line, "header")) != NULL)
		return read_header(r, s);
	else if ((s = after(r->line, "bigbody")) != NULL)
		return take_big(r, s);
	else if ((s = after(r->line, "rawbody")) != NULL) {
		a->is_raw = true;
		return take_escaped(r, s, &a->body, &a->body_len);
	} else
		*found = false;
	return ERR_OK;
}

/* What is no directive is a block: the body, or behind "expect" the wanted JSON. */
static enum err
read_block(struct reading *r)
{
	struct act *a = r->act;

	if (a == NULL)
		return fail(r, "\"%s\" stands behind no request", r->line);
	if (r->after_expect) {
		if (a->want != NULL)
			return fail(r, "a second answer is expected");
		a->want = take_block(r);
		return ERR_OK;
	}
	if (a->body != NULL)
		return fail(r, "a second body");
	a->body = take_block(r);
	a->body_len = strlen(a->body);
	return ERR_OK;
}

static enum err
read_line(struct reading *r)
{
	const char *s;
	bool found = false;

	if (is_blank(r->line) || r->line[0] == '#') {
		next_line(r);
		return ERR_OK;
	}
	if ((s = after(r->line, "given")) != NULL)
		return read_given(r, s);
	if ((s = after(r->line, "request")) != NULL)
		return add_call(r, s);
	if (r->act != NULL && read_directive(r, &found) != ERR_OK)
		return r->e->code;
	if (!found)
		return read_block(r);
	next_line(r);
	return ERR_OK;
}

/* --- whole files --- */

static bool
has_no_body(enum method m)
{
	return m == M_HEAD || m == M_OPTIONS;
}

static enum err
check_call(const struct reading *r, const struct act *a)
{
	bool wants = a->want != NULL || a->want_raw != NULL || a->want_text != NULL;

	if (a->status == 0)
		return fail(r, "a request without its expect");
	if (a->is_given && (wants || a->headers.n > 0))
		return fail(r, "a given call expects nothing");
	if (!a->is_given && !wants && !has_no_body(a->method))
		return fail(r, "no answer is expected");
	return ERR_OK;
}

static enum err
check_acts(struct reading *r)
{
	for (size_t i = 0; i < r->file->n_acts; i++) {
		const struct act *a = &r->file->acts[i];

		r->number = a->line;
		if (a->kind == ACT_CALL && check_call(r, a) != ERR_OK)
			return r->e->code;
	}
	return r->file->n_requests > 0 ? ERR_OK : fail(r, "nothing is expected in this file");
}

struct case_file *
case_parse(void *ctx, const char *path, const char *text, size_t n, struct error *e)
{
	struct case_file *f = MEM_NEW(ctx, struct case_file);
	struct reading r = { .file = f, .e = e, .rest = mem_textn(f, text, n) };
	enum err rc = ERR_OK;

	f->path = mem_text(f, path);
	f->config = "";
	if (strlen(r.rest) != n || !utf8_valid(text, n))
		rc = fail(&r, "a case is UTF-8 without a NUL: use rawbody for other bytes");
	next_line(&r);
	while (rc == ERR_OK && r.line != NULL)
		rc = read_line(&r);
	if (rc == ERR_OK && check_acts(&r) == ERR_OK)
		return f;
	mem_free(f);
	return NULL;
}

struct case_file *
case_read(void *ctx, const char *path, struct error *e)
{
	SCOPED(tmp, NULL);
	char *bytes = mem_bytes(tmp, FILE_MAX);
	FILE *in = fopen(path, "re");
	size_t n;

	if (in == NULL) {
		error_set(e, ERR_NOT_FOUND, "%s cannot be read", path);
		return NULL;
	}
	n = fread(bytes, 1, FILE_MAX, in);
	fclose(in);
	if (n == FILE_MAX) {
		error_set(e, ERR_TOO_LARGE, "%s is too large", path);
		return NULL;
	}
	return case_parse(ctx, path, bytes, n, e);
}

/* --- values that a case keeps --- */

/* "repeat N TEXT" */
static enum err
fill_repeat(struct text *t, const char *s, struct error *e)
{
	SCOPED(tmp, NULL);
	size_t digits = strcspn(s, " ");
	int64_t n;

	if (s[digits] == '\0' || !text_int(mem_textn(tmp, s, digits), 0, REPEAT_MAX, &n))
		return error_set(e, ERR_INVALID, "{{repeat %s}}: a number and a text are wanted", s);
	while (n-- > 0)
		text_puts(t, s + digits + 1);
	return ERR_OK;
}

static enum err
fill_one(struct text *t, const char *name, struct json_object *saved, struct error *e)
{
	const char *repeat = after(name, "repeat"), *value = json_get_text(saved, name);

	if (repeat != NULL)
		return fill_repeat(t, repeat, e);
	if (value == NULL)
		return error_set(e, ERR_INVALID, "nothing was saved as %s", name);
	text_puts(t, value);
	return ERR_OK;
}

char *
case_fill(void *ctx, const char *text, struct json_object *saved, struct error *e)
{
	SCOPED(tmp, NULL);
	struct text *t = text_new(ctx, BODY_MAX);
	const char *open, *close;

	while ((open = strstr(text, "{{")) != NULL && (close = strstr(open, "}}")) != NULL) {
		/* JSON has such pairs too: a name begins with a letter. */
		if (!isalpha((unsigned char)open[2])) {
			text_add(t, text, (size_t)(open - text) + 1);
			text = open + 1;
			continue;
		}
		text_add(t, text, (size_t)(open - text));
		text = mem_textn(tmp, open + 2, (size_t)(close - open) - 2);
		if (fill_one(t, text, saved, e) != ERR_OK)
			return NULL;
		text = close + 2;
	}
	text_puts(t, text);
	return t->at;
}

static struct json_object *
member(struct json_object *o, const char *name)
{
	int64_t i;

	if (!json_object_is_type(o, json_type_array))
		return json_get(o, name);
	if (!text_int(name, 0, (int64_t)json_object_array_length(o) - 1, &i))
		return NULL;
	return json_object_array_get_idx(o, (size_t)i);
}

char *
case_find(void *ctx, struct json_object *o, const char *path)
{
	SCOPED(tmp, NULL);

	while (*path == '.' && o != NULL) {
		size_t n = strcspn(++path, ".");

		o = member(o, mem_textn(tmp, path, n));
		path += n;
	}
	if (o == NULL || *path != '\0')
		return NULL;
	return json_object_is_type(o, json_type_string) ?
	    mem_text(ctx, json_object_get_string(o)) : json_text(ctx, o);
}
