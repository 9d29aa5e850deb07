#ifndef JSON_LEX_H
#define JSON_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <json-c/json.h>

#include "base/err.h"
#include "base/text.h"

/*
 * The words of JSON: strings, numbers, literals. Private to json/parse.
 * Whatever fails fills the reader's error with the place and returns its code.
 */
enum { LEX_END = -1 };		/* what lex_peek() gives behind the last byte */

struct reader {
	const unsigned char *at;
	size_t n;
	size_t i;		/* the next byte */
	unsigned depth;		/* containers that are open */
	size_t values;
	struct text *scratch;	/* a stack of decoded names and strings */
	struct error *e;
};

/* The next byte is wrong: WHAT was expected, or the text is cut off. */
enum err lex_fault(struct reader *r, const char *what);
enum err lex_fault_at(struct reader *r, size_t offset, const char *what);
/* The next byte, or LEX_END. */
int lex_peek(const struct reader *r);
void lex_space(struct reader *r);
/* Passes WORD if it is what comes next. */
bool lex_skip(struct reader *r, const char *word);
/* Takes all behind MARK off the scratch. */
void lex_back(struct reader *r, size_t mark);
/* At a quote: adds the decoded string to the scratch. */
enum err lex_string(struct reader *r) MUST_CHECK;
/* At a digit or a minus sign; the caller owns *OUT. */
enum err lex_number(struct reader *r, struct json_object **out) MUST_CHECK;
/* null (*OUT is NULL), true or false. */
enum err lex_word(struct reader *r, struct json_object **out) MUST_CHECK;

#endif
