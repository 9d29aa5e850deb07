#ifndef BASE_ERR_H
#define BASE_ERR_H

/*
 * One error type for all floors. A function that can fail returns enum err
 * (or what it was asked for) and fills struct error once, where the fault is
 * found. It either logs or returns, never both.
 */

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* X(code, HTTP status, wire name): the "code" of an error body, api.md section 1 */
#define ERR_CODES(X) \
	X(OK, 200, "ok") \
	X(MALFORMED, 400, "malformed") \
	X(INVALID, 400, "invalid") \
	X(UNAUTHENTICATED, 401, "unauthenticated") \
	X(FORBIDDEN, 403, "forbidden") \
	X(NOT_FOUND, 404, "not-found") \
	X(METHOD, 405, "method-not-allowed") \
	X(CONFLICT, 409, "conflict") \
	X(TOO_LARGE, 413, "too-large") \
	X(MEDIA_TYPE, 415, "unsupported-media-type") \
	X(TOO_MANY, 429, "too-many-requests") \
	X(INTERNAL, 500, "internal") \
	X(UNAVAILABLE, 503, "unavailable")

enum err {
#define X(code, status, name) ERR_##code,
	ERR_CODES(X)
#undef X
	ERR__COUNT
};

#define ERROR_FIELD_MAX 128
#define ERROR_DETAIL_MAX 1024

/* Lies on the caller's stack. Cut (at a character) where a text is too long. */
struct error {
	enum err code;
	int retry_s;			/* seconds after which it may be tried again; 0: nobody knows */
	char field[ERROR_FIELD_MAX];	/* "" where no one member is at fault */
	char detail[ERROR_DETAIL_MAX];	/* a sentence for a person, no newline */
};

/* Fills E and returns CODE (never ERR_OK). FMT is a sentence without a full stop. */
enum err error_set(struct error *e, enum err code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The same for a fault of one member FIELD; the detail becomes "FIELD: ...". Returns ERR_INVALID. */
enum err error_field(struct error *e, const char *field, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The HTTP status (100 to 599) and the wire name of a code. */
int err_status(enum err code);
const char *err_name(enum err code);
/* The code of a wire name; ERR_INTERNAL where there is none such. */
enum err err_find(const char *name);

#endif
