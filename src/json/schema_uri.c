#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "json/schema_private.h"

#define UNRESERVED ALPHA DIGIT "-._~"
#define SUB_DELIMS "!$&'()*+,;="
#define PCHAR UNRESERVED SUB_DELIMS ":@"

enum { TEN = 10, HEX_BASE = 16 };

/*
 * RFC 3986 section 3: borrowed parts, each with its length; AT is NULL where a
 * part is not there.
 */
struct part {
	const char *at;
	size_t n;
};

struct uri {
	struct part scheme, authority, path, query, fragment;
};

static size_t
scheme_length(const char *s, size_t n)
{
	size_t i = 0;

	if (n == 0 || memchr(ALPHA, s[0], sizeof ALPHA - 1) == NULL)
		return 0;
	while (i < n && s[i] != '\0' && strchr(ALPHA DIGIT "+-.", s[i]) != NULL)
		i++;
	return i < n && s[i] == ':' ? i : 0;
}

/* Takes from *S up to one of the bytes STOPS, or the end. */
static struct part
take(const char **s, const char *end, const char *stops)
{
	struct part p = { .at = *s };

	while (*s < end && (**s == '\0' || strchr(stops, **s) == NULL))
		(*s)++;
	p.n = (size_t)(*s - p.at);
	return p;
}

static struct uri
uri_split(const char *s, size_t n)
{
	struct uri u = { .scheme = { NULL, 0 } };
	const char *end = s + n;
	size_t scheme = scheme_length(s, n);

	if (scheme > 0) {
		u.scheme = (struct part){ s, scheme };
		s += scheme + 1;
	}
	if (end - s >= 2 && s[0] == '/' && s[1] == '/') {
		s += 2;
		u.authority = take(&s, end, "/?#");
	}
	u.path = take(&s, end, "?#");
	if (s < end && *s == '?') {
		s++;
		u.query = take(&s, end, "#");
	}
	if (s < end && *s == '#')
		u.fragment = (struct part){ s + 1, (size_t)(end - s - 1) };
	return u;
}

static struct part
part_of(const struct text *t)
{
	return (struct part){ t->at, t->len };
}

/* Section 5.2.4, on whole segments: OUT gets PATH without "." and "..". */
static void
remove_dots(struct text *out, const char *path, size_t n)
{
	const char *s = path, *end = path + n;

	while (s < end) {
		const char *from = s;
		struct part segment;
		bool rooted = *s == '/';
		bool last;

		s += rooted;
		segment = take(&s, end, "/");
		last = s == end;
		if (segment.n == 2 && memcmp(segment.at, "..", 2) == 0) {
			while (out->len > 0 && out->at[out->len - 1] != '/')
				out->at[--out->len] = '\0';
			if (out->len > 0)
				out->at[--out->len] = '\0';
		} else if (segment.n != 1 || segment.at[0] != '.') {
			text_add(out, from, (size_t)(s - from));
			continue;
		}
		if (last && rooted)
			text_puts(out, "/");
		else if (!rooted)
			s += !last;
	}
}

/* Section 5.3 */
static char *
uri_join(void *ctx, const struct uri *u)
{
	struct text *t = text_new(ctx, SIZE_MAX / 2);

	if (u->scheme.at != NULL) {
		text_add(t, u->scheme.at, u->scheme.n);
		text_puts(t, ":");
	}
	if (u->authority.at != NULL) {
		text_puts(t, "//");
		text_add(t, u->authority.at, u->authority.n);
	}
	text_add(t, u->path.at, u->path.n);
	if (u->query.at != NULL) {
		text_puts(t, "?");
		text_add(t, u->query.at, u->query.n);
	}
	return mem_textn(ctx, t->at, t->len);
}

/* Section 5.2.3 */
static void
merge_paths(struct text *out, const struct uri *base, struct part path)
{
	size_t n = base->path.n;

	while (n > 0 && base->path.at[n - 1] != '/')
		n--;
	if (base->authority.at != NULL && base->path.n == 0)
		text_puts(out, "/");
	text_add(out, base->path.at, n);
	text_add(out, path.at, path.n);
}

char *
uri_resolve(void *ctx, const char *base, const char *ref, const char **fragment)
{
	SCOPED(tmp, NULL);
	struct uri b = uri_split(base, strlen(base)), u = uri_split(ref, strlen(ref));
	struct text *merged = text_new(tmp, SIZE_MAX / 2), *path = text_new(tmp, SIZE_MAX / 2);

	*fragment = u.fragment.at;
	if (u.scheme.at != NULL)
		return uri_join(ctx, &u);
	u.scheme = b.scheme;
	if (u.authority.at != NULL)
		return uri_join(ctx, &u);
	u.authority = b.authority;
	if (u.path.n == 0) {
		u.path = b.path;
		if (u.query.at == NULL)
			u.query = b.query;
		return uri_join(ctx, &u);
	}
	if (u.path.at[0] == '/')
		text_add(merged, u.path.at, u.path.n);
	else
		merge_paths(merged, &b, u.path);
	remove_dots(path, merged->at, merged->len);
	u.path = part_of(path);
	return uri_join(ctx, &u);
}

bool
uri_is_elsewhere(const char *s, const char *host)
{
	struct uri u = uri_split(s, strlen(s));

	return u.scheme.at != NULL && (u.authority.at == NULL || u.authority.n != strlen(host) ||
	    strncasecmp(u.authority.at, host, u.authority.n) != 0);
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 'a' ^ 'A';
	return c >= 'a' && c <= 'f' ? c - 'a' + TEN : -1;
}

char *
uri_decode(void *ctx, const char *s)
{
	struct text *t = text_new(ctx, SIZE_MAX / 2);
	int high, low;
	char c;

	for (; *s != '\0'; s++) {
		if (*s != '%') {
			text_add(t, s, 1);
			continue;
		}
		high = hex_digit(s[1]);
		low = high < 0 ? -1 : hex_digit(s[2]);
		if (low < 0 || (high == 0 && low == 0))
			return NULL;
		c = (char)(high * HEX_BASE + low);
		text_add(t, &c, 1);
		s += 2;
	}
	return t->at;
}

/* What a part may hold beside bytes of ASCII: RFC 3987 section 2.2, ucschar and iprivate */
enum wide { WIDE_NONE, WIDE_TEXT, WIDE_PRIVATE };

/* The character of LENGTH bytes of UTF-8 at S. */
static uint32_t
point_at(const char *s, size_t length)
{
	static const unsigned char first[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t c = (unsigned char)s[0] & first[length];

	for (size_t i = 1; i < length; i++)
		c = c << 6 | ((unsigned char)s[i] & 0x3f);
	return c;
}

size_t
uri_wide(const char *s, size_t n, bool with_private)
{
	/* in each of the planes 1 to 14 all but the last two, in 14 not the first 4096 */
	static const struct {
		uint32_t from, to;
		bool is_private;
	} ranges[] = {
		{ 0xa0, 0xd7ff, false }, { 0xe000, 0xf8ff, true }, { 0xf900, 0xfdcf, false },
		{ 0xfdf0, 0xffef, false }, { 0x10000, 0xdffff, false }, { 0xe1000, 0xeffff, false },
		{ 0xf0000, 0x10ffff, true },
	};
	size_t length = utf8_length((const unsigned char *)s, n);
	uint32_t c;

	if (length < 2)
		return 0;
	c = point_at(s, length);
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if (c >= ranges[i].from && c <= ranges[i].to)
			return (c & 0xfffe) != 0xfffe && (with_private || !ranges[i].is_private) ?
			    length : 0;
	return 0;
}

/*
 * How many bytes make the character at S, which is of ALLOWED, WIDE or a whole percent
 * sign; else 0.
 */
static size_t
character_fits(const char *s, size_t n, const char *allowed, enum wide wide)
{
	if (*s == '%')
		return n > 2 && hex_digit(s[1]) >= 0 && hex_digit(s[2]) >= 0 ? sizeof "%ff" - 1 : 0;
	if (byte_in(*s, allowed))
		return 1;
	return wide == WIDE_NONE ? 0 : uri_wide(s, n, wide == WIDE_PRIVATE);
}

static bool
part_fits(struct part p, const char *allowed, enum wide wide)
{
	for (size_t i = 0, length; i < p.n; i += length) {
		length = character_fits(p.at + i, p.n - i, allowed, wide);
		if (length == 0)
			return false;
	}
	return true;
}

/* "v1.x", the literal of an address that is yet to be invented */
static bool
future_fits(struct part p)
{
	size_t dot = 1;

	if (p.n == 0 || (p.at[0] | ('a' ^ 'A')) != 'v')
		return false;
	while (dot < p.n && hex_digit(p.at[dot]) >= 0)
		dot++;
	return dot > 1 && dot + 1 < p.n && p.at[dot] == '.' &&
	    part_fits((struct part){ p.at + dot + 1, p.n - dot - 1 }, UNRESERVED SUB_DELIMS ":",
	    WIDE_NONE);
}

/* What follows a host: nothing, or a colon and digits. */
static bool
port_fits(struct part p)
{
	for (size_t i = 0; i < p.n; i++)
		if (i == 0 ? p.at[i] != ':' : p.at[i] < '0' || p.at[i] > '9')
			return false;
	return true;
}

/* "[" IPv6 "]" and a port */
static bool
literal_fits(struct part host)
{
	const char *close = memchr(host.at, ']', host.n);
	struct part inner;

	if (close == NULL)
		return false;
	inner = (struct part){ host.at + 1, (size_t)(close - host.at) - 1 };
	return (format_ipv6(inner.at, inner.n) || future_fits(inner)) &&
	    port_fits((struct part){ close + 1, host.n - inner.n - 2 });
}

/* Section 3.2: [ userinfo "@" ] host [ ":" port ] */
static bool
authority_fits(struct part a, enum wide wide)
{
	const char *at = memrchr(a.at, '@', a.n), *colon;
	struct part host = a, port = { NULL, 0 };

	if (at != NULL) {
		struct part user = { a.at, (size_t)(at - a.at) };

		if (!part_fits(user, UNRESERVED SUB_DELIMS ":", wide))
			return false;
		host = (struct part){ at + 1, a.n - user.n - 1 };
	}
	if (host.n > 0 && host.at[0] == '[')
		return literal_fits(host);
	colon = memchr(host.at, ':', host.n);
	if (colon != NULL) {
		port = (struct part){ colon, host.n - (size_t)(colon - host.at) };
		host.n -= port.n;
	}
	return part_fits(host, UNRESERVED SUB_DELIMS, wide) && port_fits(port);
}

/*
 * Section 4.2: without a scheme the first segment holds no colon, which would look like
 * one's end.
 */
static bool
segment_fits(const struct uri *u)
{
	const char *slash = memchr(u->path.at, '/', u->path.n);
	size_t n = slash == NULL ? u->path.n : (size_t)(slash - u->path.at);

	return u->authority.at != NULL || memchr(u->path.at, ':', n) == NULL;
}

static bool
uri_fits(const char *s, size_t n, bool may_be_relative, enum wide wide)
{
	struct uri u = uri_split(s, n);

	if (u.scheme.at == NULL && !(may_be_relative && segment_fits(&u)))
		return false;
	return (u.authority.at == NULL || authority_fits(u.authority, wide)) &&
	    part_fits(u.path, PCHAR "/", wide) &&
	    (u.query.at == NULL || part_fits(u.query, PCHAR "/?",
	    wide == WIDE_NONE ? WIDE_NONE : WIDE_PRIVATE)) &&
	    (u.fragment.at == NULL || part_fits(u.fragment, PCHAR "/?", wide));
}

bool
format_uri(const char *s, size_t n)
{
	return uri_fits(s, n, false, WIDE_NONE);
}

bool
format_uri_reference(const char *s, size_t n)
{
	return uri_fits(s, n, true, WIDE_NONE);
}

bool
format_iri(const char *s, size_t n)
{
	return uri_fits(s, n, false, WIDE_TEXT);
}

bool
format_iri_reference(const char *s, size_t n)
{
	return uri_fits(s, n, true, WIDE_TEXT);
}
