#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "main/admin.h"

static size_t
count_words(const char *s)
{
	size_t n = 0;

	while (*s != '\0') {
		n++;
		s += strcspn(s, " ");
		s += strspn(s, " ");
	}
	return n;
}

/* The option that WORD ("--name", "--name=value" or "-l") means, NULL where there is none. */
static const struct admin_option *
find_option(const struct command *c, const char *word)
{
	size_t n = strcspn(word, "=");

	for (const struct admin_option *o = c->options; o != NULL && o->name != NULL; o++) {
		if (strncmp(word, "--", 2) == 0 && strlen(o->name) == n - 2 &&
		    strncmp(o->name, word + 2, n - 2) == 0)
			return o;
		if (o->letter != '\0' && word[1] == o->letter && word[2] == '\0')
			return o;
	}
	return NULL;
}

static bool
is_given(const struct admin *a, const struct admin_option *o)
{
	for (size_t i = 0; i < a->n_given; i++)
		if (a->given[i].option == o)
			return true;
	return false;
}

static int
check_number(const struct admin *a, const struct admin_option *o, const char *value)
{
	int64_t n;

	if (o->max == 0 || text_int(value, o->min, o->max, &n))
		return EXIT_SUCCESS;
	return admin_misuse(a, "--%s must be a whole number from %lld to %lld, not %s", o->name,
	    (long long)o->min, (long long)o->max, value);
}

/* Takes the option WORD, whose value may be NEXT; *USED gets how many of them it took. */
static int
take_option(struct admin *a, const char *word, const char *next, int *used)
{
	const struct admin_option *o = find_option(a->command, word);
	const char *glued = strchr(word, '='), *value = glued != NULL ? glued + 1 : next;

	*used = 1;
	if (o == NULL)
		return admin_misuse(a, "there is no option %.*s", (int)strcspn(word, "="), word);
	if (is_given(a, o) && !o->repeats)
		return admin_misuse(a, "--%s is given twice", o->name);
	if (o->value == NULL && glued != NULL)
		return admin_misuse(a, "--%s takes no value", o->name);
	if (o->value != NULL && value == NULL)
		return admin_misuse(a, "--%s wants a value: %s", o->name, o->value);
	if (o->value != NULL && glued == NULL)
		*used = 2;
	a->given[a->n_given++] = (struct given){ o, o->value != NULL ? value : NULL };
	return o->value != NULL ? check_number(a, o, value) : EXIT_SUCCESS;
}

static int
check_all_there(const struct admin *a, size_t n_args)
{
	if (n_args < count_words(a->command->arguments))
		return admin_misuse(a, "%s is missing", a->command->arguments);
	for (const struct admin_option *o = a->command->options; o != NULL && o->name != NULL; o++)
		if (o->required && !is_given(a, o))
			return admin_misuse(a, "--%s %s is missing", o->name, o->value);
	return EXIT_SUCCESS;
}

int
admin_options_read(struct admin *a, int n, char **words)
{
	size_t n_args = 0, most = count_words(a->command->arguments);
	bool options = true;

	for (int i = 0, used = 1; i < n; i += used) {
		bool is_option = options && words[i][0] == '-' && words[i][1] != '\0';
		int rc;

		used = 1;
		if (is_option && strcmp(words[i], "--") == 0) {
			options = false;
		} else if (is_option) {
			rc = take_option(a, words[i], i + 1 < n ? words[i + 1] : NULL, &used);
			if (rc != EXIT_SUCCESS)
				return rc;
		} else if (n_args == most) {
			return admin_misuse(a, "%s is not expected", words[i]);
		} else {
			a->args[n_args++] = words[i];
		}
	}
	return check_all_there(a, n_args);
}

bool
admin_options_want_help(int n, char **words)
{
	for (int i = 0; i < n && strcmp(words[i], "--") != 0; i++)
		if (strcmp(words[i], "--help") == 0)
			return true;
	return false;
}

static int
shape(char *out, size_t size, const struct admin_option *o)
{
	char letter[] = { '-', o->letter, ',', ' ', '\0' };

	return snprintf(out, size, "%s--%s%s%s", o->letter != '\0' ? letter : "", o->name,
	    o->value != NULL ? " " : "", o->value != NULL ? o->value : "");
}

void
admin_options_help(const struct command *c)
{
	enum { SHAPE_MAX = 64, SHAPE_COLUMN = 22 };
	char text[SHAPE_MAX];

	printf("usage: gatehouse %s%s%s", c->name, *c->arguments != '\0' ? " " : "", c->arguments);
	for (const struct admin_option *o = c->options; o != NULL && o->name != NULL; o++) {
		shape(text, sizeof text, o);
		printf(" %s%s%s%s", o->required ? "" : "[", strstr(text, "--"),
		    o->required ? "" : "]", o->repeats ? "..." : "");
	}
	printf("\n\n%s\n\n", c->summary);
	for (const struct admin_option *o = c->options; o != NULL && o->name != NULL; o++) {
		shape(text, sizeof text, o);
		printf("  %-*s%s\n", SHAPE_COLUMN, text, o->help);
	}
	printf("  %-*s%s\n", SHAPE_COLUMN, "--help", "print this");
}

const char *
admin_value(const struct admin *a, const char *name)
{
	for (size_t i = 0; i < a->n_given; i++)
		if (strcmp(a->given[i].option->name, name) == 0)
			return a->given[i].value;
	return NULL;
}

bool
admin_has(const struct admin *a, const char *name)
{
	for (size_t i = 0; i < a->n_given; i++)
		if (strcmp(a->given[i].option->name, name) == 0)
			return true;
	return false;
}

int64_t
admin_number(const struct admin *a, const char *name, int64_t otherwise)
{
	const char *text = admin_value(a, name);

	if (text != NULL)
		text_int(text, INT64_MIN, INT64_MAX, &otherwise);
	return otherwise;
}
