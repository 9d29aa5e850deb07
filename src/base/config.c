#include "base/config.h"

#include <errno.h>
#include <ini.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"

#ifndef SYSCONFDIR
#define SYSCONFDIR "/etc"
#endif

#define INSTALLED_FILE SYSCONFDIR "/gatehouse/gatehouse.conf"
#define BLANKS " \t"
#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define COUNT(array) (sizeof (array) / sizeof *(array))

enum key_type { KEY_TEXT, KEY_NUMBER, KEY_FLAG, KEY_WORD };

struct key {
	const char *section, *name;
	enum key_type type;
	size_t off;
	const char *text;	/* default of a text or a word */
	int64_t number;		/* default of a number or a flag */
	int64_t min, max;
	const char *words;
};

static const struct key keys[] = {
#define KEY(s, k, kind, ...) \
	{ .section = #s, .name = #k, .type = kind, .off = offsetof(struct config, s##_##k), \
	    __VA_ARGS__ },
#define TEXT(s, k, d) KEY(s, k, KEY_TEXT, .text = d)
#define NUMBER(s, k, d, least, most) KEY(s, k, KEY_NUMBER, .number = d, .min = least, .max = most)
#define FLAG(s, k, d) KEY(s, k, KEY_FLAG, .number = d)
#define WORD(s, k, d, list) KEY(s, k, KEY_WORD, .text = d, .words = list)
	CONFIG_KEYS(TEXT, NUMBER, FLAG, WORD)
#undef TEXT
#undef NUMBER
#undef FLAG
#undef WORD
#undef KEY
};

/*
 * One reading of a file. The library is given one line a call, so that we know
 * its number (Debian's is built without line numbers), and that a line longer
 * than its buffer, a NUL or a stray indent is a fault and not cut or misread.
 */
struct reading {
	struct config *config;
	FILE *file;
	char *line;			/* getline(3)'s */
	size_t room;
	int number;			/* of the line in hand, from 1 */
	int seen[COUNT(keys)];		/* the line that gave each key, 0: none yet */
	const struct key *list;		/* the text that may go on, for it ends in a colon */
	bool goes_on;			/* the line in hand continues it */
	bool failed;
	struct error *e;
};

static void
fail(struct reading *r, const char *what)
{
	if (!r->failed)
		error_set(r->e, ERR_INVALID, "%s:%d: %s", r->config->file, r->number, what);
	r->failed = true;
}

#define FAIL(r, ...) \
	do { \
		SCOPED(fail_tmp, NULL); \
		fail(r, mem_printf(fail_tmp, __VA_ARGS__)); \
	} while (0)

static const char **
key_text(const struct key *k, struct config *c)
{
	return (const char **)(void *)((char *)c + k->off);
}

static int64_t *
key_number(const struct key *k, struct config *c)
{
	return (int64_t *)(void *)((char *)c + k->off);
}

static bool *
key_flag(const struct key *k, struct config *c)
{
	return (bool *)(void *)((char *)c + k->off);
}

static void
key_reset(const struct key *k, struct config *c)
{
	switch (k->type) {
	case KEY_TEXT:
	case KEY_WORD:
		*key_text(k, c) = mem_text(c, k->text);
		break;
	case KEY_NUMBER:
		*key_number(k, c) = k->number;
		break;
	case KEY_FLAG:
		*key_flag(k, c) = k->number != 0;
		break;
	}
}

static const struct key *
key_find(const char *section, const char *name)
{
	for (size_t i = 0; i < COUNT(keys); i++)
		if (strcmp(keys[i].section, section) == 0 && strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static bool
section_is_known(const char *s, size_t n)
{
	for (size_t i = 0; i < COUNT(keys); i++)
		if (strlen(keys[i].section) == n && strncmp(keys[i].section, s, n) == 0)
			return true;
	return false;
}

/* Whether WORDS ("a|b|c") has W. */
static bool
words_have(const char *words, const char *w)
{
	size_t n = strlen(w);

	while (n > 0) {
		size_t len = strcspn(words, "|");

		if (len == n && strncmp(words, w, n) == 0)
			return true;
		if (words[len] == '\0')
			return false;
		words += len + 1;
	}
	return false;
}

static bool
flag_parse(const char *s, bool *out)
{
	static const struct {
		const char *word;
		bool value;
	} flags[] = {
		{ "true", true }, { "yes", true }, { "on", true }, { "1", true },
		{ "false", false }, { "no", false }, { "off", false }, { "0", false },
	};

	for (size_t i = 0; i < COUNT(flags); i++)
		if (strcasecmp(flags[i].word, s) == 0) {
			*out = flags[i].value;
			return true;
		}
	return false;
}

/* Each part of the colon-separated LIST begins with a slash. */
static bool
list_is_absolute(const char *list)
{
	for (;;) {
		if (*list != '/')
			return false;
		list = strchr(list, ':');
		if (list == NULL)
			return true;
		list++;
	}
}

/* What a text must be, so that a mistake is found at the start and not in the first run. */
enum { MAY_BE_EMPTY = 1, IS_PATH = 2, IS_LIST = 4 };

static const struct text_rule {
	const char *section, *name;
	unsigned form;		/* of the names above */
	const char *hint;
} text_rules[] = {
	{ "state", "dir", IS_PATH, "an absolute path" },
	{ "dispatcher", "program", IS_PATH | MAY_BE_EMPTY, "an absolute path, or empty" },
	{ "gateways", "default_connector", 0, "the name of a connector" },
	{ "local", "roots", IS_LIST | MAY_BE_EMPTY,
	    "absolute paths with colons between them, or empty" },
	{ "local", "path", IS_LIST, "absolute paths with colons between them" },
	{ "local", "python", 0, "a program" },
	{ "local", "ansible_playbook", 0, "a program" },
	{ "local", "ansible_galaxy", 0, "a program" },
	{ "local", "tofu", 0, "a program" },
	{ "local", "sandbox_read", IS_LIST | MAY_BE_EMPTY,
	    "absolute paths with colons between them, or empty" },
	{ "local", "sandbox_write", IS_LIST | MAY_BE_EMPTY,
	    "absolute paths with colons between them, or empty" },
	{ "local", "lang", 0, "the name of a locale" },
	{ "git", "program", 0, "a program" },
	{ "git", "known_hosts", IS_PATH | MAY_BE_EMPTY, "an absolute path, or empty" },
	{ "git", "ca_file", IS_PATH | MAY_BE_EMPTY, "an absolute path, or empty" },
};

static bool
text_fits(const struct text_rule *rule, const char *s)
{
	if (*s == '\0')
		return (rule->form & MAY_BE_EMPTY) != 0;
	if ((rule->form & IS_LIST) != 0)
		return list_is_absolute(s);
	return (rule->form & IS_PATH) == 0 || *s == '/';
}

/* The rules for texts are kept once the whole file is read: a list may go on in the next line. */
static void
check_texts(struct reading *r)
{
	for (size_t i = 0; i < COUNT(text_rules); i++) {
		const struct text_rule *rule = &text_rules[i];
		const struct key *k = key_find(rule->section, rule->name);
		const char *s = *key_text(k, r->config);

		if (r->seen[k - keys] == 0 || text_fits(rule, s))
			continue;
		r->number = r->seen[k - keys];
		FAIL(r, "%s.%s must be %s, not \"%s\"", k->section, k->name, rule->hint, s);
	}
}

static void
text_take(struct reading *r, const struct key *k, const char *value)
{
	const char **place = key_text(k, r->config);
	size_t n = strlen(value);

	if (strstr(value, " #") != NULL || strstr(value, "\t#") != NULL) {
		FAIL(r, "%s.%s: a comment behind a value begins with ';', not with '#'", k->section,
		    k->name);
		return;
	}
	*place = mem_printf(r->config, "%s%s", r->goes_on ? *place : "", value);
	r->list = n > 0 && value[n - 1] == ':' ? k : NULL;
}

static void
value_take(struct reading *r, const struct key *k, const char *value)
{
	switch (k->type) {
	case KEY_TEXT:
		text_take(r, k, value);
		break;
	case KEY_NUMBER:
		if (!text_int(value, k->min, k->max, key_number(k, r->config)))
			FAIL(r, "%s.%s must be a whole number from %lld to %lld, not \"%s\"",
			    k->section, k->name, (long long)k->min, (long long)k->max, value);
		break;
	case KEY_FLAG:
		if (!flag_parse(value, key_flag(k, r->config)))
			FAIL(r, "%s.%s must be true or false, not \"%s\"", k->section, k->name,
			    value);
		break;
	case KEY_WORD:
		if (!words_have(k->words, value))
			FAIL(r, "%s.%s must be one of %s, not \"%s\"", k->section, k->name,
			    k->words, value);
		*key_text(k, r->config) = mem_text(r->config, value);
		break;
	}
}

/* The library's handler: 1 goes on, 0 is a fault. */
static int
take(void *arg, const char *section, const char *name, const char *value)
{
	struct reading *r = arg;
	const struct key *k = r->goes_on ? r->list : key_find(section, name);

	r->list = NULL;
	if (k == NULL && section[0] == '\0')
		FAIL(r, "\"%s\" stands before any [section]", name);
	else if (k == NULL)
		FAIL(r, "unknown key \"%s\" in [%s]", name, section);
	else if (!r->goes_on && r->seen[k - keys] != 0)
		FAIL(r, "%s.%s was given in line %d already", section, name, r->seen[k - keys]);
	else
		value_take(r, k, value);
	if (!r->failed && !r->goes_on)
		r->seen[k - keys] = r->number;
	return !r->failed;
}

static bool
has_control(const char *s)
{
	for (; *s != '\0'; s++)
		if (((unsigned char)*s < 0x20 && *s != '\t') || *s == 0x7f)
			return true;
	return false;
}

/* The library takes what follows a ']' for nothing, and does not tell of a section without keys. */
static void
check_section(struct reading *r, const char *s)
{
	const char *end = strchr(s, ']');
	const char *rest;

	if (end == NULL) {
		fail(r, "a [section] without its ']'");
		return;
	}
	rest = end + 1 + strspn(end + 1, BLANKS);
	if (*rest != '\0' && *rest != ';' && *rest != '#')
		fail(r, "nothing but a comment may follow a [section]");
	else if (!section_is_known(s + 1, (size_t)(end - s - 1)))
		FAIL(r, "unknown section %.*s", (int)(end - s + 1), s);
}

/* Takes the end of a line (LEN bytes) away and looks at what is left. */
static void
line_trim(struct reading *r, size_t len)
{
	char *s = r->line;

	if (len > 0 && s[len - 1] == '\n')
		s[--len] = '\0';
	if (len > 0 && s[len - 1] == '\r')
		s[--len] = '\0';
	if (strlen(s) != len)
		fail(r, "a NUL byte");
	else if (!utf8_valid(s, len))
		fail(r, "not UTF-8");
	else if (has_control(s))
		fail(r, "a control character");
}

/* Where in the line in hand the library is to begin. */
static const char *
line_start(struct reading *r)
{
	const char *s = r->line;

	if (r->number == 1 && strncmp(s, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
		s += strlen(BYTE_ORDER_MARK);
	if (*s != ' ' && *s != '\t' && *s != '\0')
		r->list = NULL;
	r->goes_on = r->list != NULL && *s != '\0';
	/* The library takes an indented line for more of the value before it. */
	s += strspn(s, BLANKS);
	if (r->goes_on)
		return s - 1;
	if (*s == '[')
		check_section(r, s);
	return s;
}

/* The library's reader: like fgets(3), but the lines are whole. */
static char *
read_line(char *out, int size, void *arg)
{
	struct reading *r = arg;
	const char *s;
	ssize_t len;

	if (r->failed)
		return NULL;
	r->number++;
	errno = 0;
	len = getline(&r->line, &r->room, r->file);
	if (len < 0) {
		if (ferror(r->file))
			FAIL(r, "%s", strerror(errno));
		return NULL;
	}
	line_trim(r, (size_t)len);
	s = line_start(r);
	/* One byte less than fits: a full buffer is half a line to the library. */
	if (strlen(s) > (size_t)size - 2)
		FAIL(r, "a line of more than %d bytes", size - 2);
	if (r->failed)
		return NULL;
	memcpy(out, s, strlen(s) + 1);
	return out;
}

static void
read_file(struct reading *r)
{
	int line = ini_parse_stream(read_line, r, take, r);

	if (line < 0)
		mem_must(NULL);
	/* Ours stop the reading at once; the library goes on behind its own. */
	if (line > 0 && (!r->failed || line < r->number)) {
		r->failed = false;
		r->number = line;
		fail(r, "must be [section], key = value or a comment");
	}
	if (!r->failed)
		check_texts(r);
}

static struct config *
config_new(void *ctx, const char *file)
{
	struct config *c = MEM_NEW(ctx, struct config);

	for (size_t i = 0; i < COUNT(keys); i++)
		key_reset(&keys[i], c);
	c->file = mem_text(c, file);
	return c;
}

struct config *
config_defaults(void *ctx, const char *dir)
{
	struct config *c = config_new(ctx, "");

	c->state_dir = mem_text(c, dir);
	return c;
}

struct config *
config_read(void *ctx, const char *path, struct error *e)
{
	const char *named = path != NULL ? path : getenv("GATEHOUSE_CONFIG");
	const char *file = named != NULL && named[0] != '\0' ? named : INSTALLED_FILE;
	struct config *c = config_new(ctx, file);
	struct reading r = { .config = c, .e = e };

	r.file = fopen(file, "re");
	if (r.file == NULL && errno == ENOENT && file != named) {
		c->file = mem_text(c, "");
		return c;
	}
	if (r.file == NULL) {
		error_set(e, ERR_INVALID, "the configuration%s %s: %s",
		    path == NULL && file == named ? " that GATEHOUSE_CONFIG names," : "",
		    file, strerror(errno));
		mem_free(c);
		return NULL;
	}
	read_file(&r);
	fclose(r.file);
	free(r.line);
	if (!r.failed)
		return c;
	mem_free(c);
	return NULL;
}

char *
config_path(void *ctx, const struct config *c, const char *name)
{
	return mem_printf(ctx, "%s/%s", c->state_dir, name);
}
