#include "http/message.h"

#include <string.h>

#include "base/mem.h"

static const char *const method_names[] = {
#define X(m) [METHOD_BIT_##m] = #m,
	METHODS(X)
#undef X
};

enum method
method_find(const char *name)
{
	for (int i = 0; i < METHOD_BITS; i++)
		if (strcmp(name, method_names[i]) == 0)
			return (enum method)(1 << i);
	return METHOD_NONE;
}

const char *
method_name(enum method m)
{
	for (int i = 0; i < METHOD_BITS; i++)
		if ((int)m == 1 << i)
			return method_names[i];
	return "?";
}

void
response_init(struct response *res)
{
	*res = (struct response){ .total = -1 };
}

void
response_release(struct response *res)
{
	json_object_put(res->body);
	res->body = NULL;
}

void
response_header(struct response *res, const char *name, const char *value)
{
	for (const char *c = value; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return;
	if (res->n_headers == RESPONSE_HEADERS)
		return;
	res->headers[res->n_headers].name = name;
	res->headers[res->n_headers++].value = value;
}

static int
hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c == '\0' ? NULL
				   : strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);

	return at == NULL ? -1 : (int)(at - digits);
}

/* NULL where the text is not well-formed. */
static char *
query_decode(void *ctx, const char *s, size_t n)
{
	char *out = mem_bytes(ctx, n + 1);
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] == '%') {
			int high = i + 2 < n ? hex_value(s[i + 1]) : -1;
			int low = i + 2 < n ? hex_value(s[i + 2]) : -1;

			if (high < 0 || low < 0)
				return NULL;
			out[len++] = (char)(high * 16 + low);
			i += 2;
		} else {
			out[len++] = s[i] == '+' ? ' ' : s[i];
		}
	}
	return strlen(out) == len && utf8_valid(out, len) ? out : NULL;
}

/* Adds the pairs that TEXT holds to *PAIRS, *N. WHAT it is, for a message. */
static enum err
pairs_read(struct request *req, const char *text, const char *what, struct query_pair **pairs,
    size_t *n_pairs, struct error *e)
{
	for (const char *at = text; *at != '\0';) {
		size_t n = strcspn(at, "&"), name = strcspn(at, "=&");
		struct query_pair *p;

		if (*n_pairs == QUERY_MAX)
			return error_set(e, ERR_MALFORMED, "the %s has more than %d parameters",
			    what, QUERY_MAX);
		*pairs = MEM_GROW(req, *pairs, struct query_pair, *n_pairs + 1);
		p = &(*pairs)[*n_pairs];
		p->name = query_decode(req, at, name);
		p->value = name < n ? query_decode(req, at + name + 1, n - name - 1) : "";
		if (p->name == NULL || p->value == NULL)
			return error_set(e, ERR_MALFORMED,
			    "the %s is not well-formed: percent-encoded UTF-8 is wanted", what);
		++*n_pairs;
		at += n + (at[n] == '&');
	}
	return ERR_OK;
}

static const char *
pairs_text(const struct query_pair *pairs, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(pairs[i].name, name) == 0)
			return pairs[i].value;
	return NULL;
}

enum err
query_read(struct request *req, struct error *e)
{
	return pairs_read(req, req->query, "query", &req->pairs, &req->n_pairs, e);
}

const char *
query_text(const struct request *req, const char *name)
{
	return pairs_text(req->pairs, req->n_pairs, name);
}

enum err
form_read(struct request *req, struct error *e)
{
	const char *text = req->body_len > 0 ? mem_textn(req, req->body, req->body_len) : "";

	if (strlen(text) != req->body_len)
		return error_set(e, ERR_MALFORMED, "the body holds a NUL");
	return pairs_read(req, text, "body", &req->form, &req->n_form, e);
}

const char *
form_text(const struct request *req, const char *name)
{
	return pairs_text(req->form, req->n_form, name);
}

enum err
query_int(const struct request *req, const char *name, int64_t min, int64_t max, int64_t otherwise,
    int64_t *out, struct error *e)
{
	const char *text = query_text(req, name);

	*out = otherwise;
	if (text == NULL || text_int(text, min, max, out))
		return ERR_OK;
	return error_field(
	    e, name, "must be a whole number of %lld to %lld", (long long)min, (long long)max);
}

enum err
query_bool(const struct request *req, const char *name, bool *out, struct error *e)
{
	const char *text = query_text(req, name);

	*out = text != NULL &&
	    (strcmp(text, "true") == 0 || strcmp(text, "1") == 0 || *text == '\0');
	if (text == NULL || *out || strcmp(text, "false") == 0 || strcmp(text, "0") == 0)
		return ERR_OK;
	return error_field(e, name, "must be true or false");
}
