#include "json/idn.h"

#include <idn2.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>

#include "base/library.h"
#include "base/mem.h"

/* X(function) */
#define IDN_FUNCTIONS(X) \
	X(idn2_free) \
	X(idn2_register_u8) \
	X(idn2_to_unicode_8z8z)

struct idn {
#define X(function) __typeof__(function) *function;
	IDN_FUNCTIONS(X)
#undef X
};

static const struct library_function functions[] = {
#define X(function) { #function, offsetof(struct idn, function) },
	IDN_FUNCTIONS(X)
#undef X
};

/*
 * RFC 5893 section 2, rules 1 to 6, with the bidirectional classes by their names there.
 * A name without R, AL or AN is none that the rule is about.
 */
#define CLASS(name) "\\p{bidi_class:" name "}"
#define ANY_LABEL \
	CLASS("EN") CLASS("ES") CLASS("CS") CLASS("ET") CLASS("ON") CLASS("BN") CLASS("NSM")
#define MARKS CLASS("NSM") "*+"
#define LEFT_TO_RIGHT \
	CLASS("L") "(?:[" CLASS("L") ANY_LABEL "]*[" CLASS("L") CLASS("EN") "])?" MARKS
#define RIGHT_TO_LEFT \
	"(?![^.]*" CLASS("EN") "[^.]*" CLASS("AN") ")(?![^.]*" CLASS("AN") "[^.]*" CLASS("EN") ")" \
	"[" CLASS("R") CLASS("AL") "]" \
	"(?:[" CLASS("R") CLASS("AL") CLASS("AN") ANY_LABEL "]*" \
	"[" CLASS("R") CLASS("AL") CLASS("EN") CLASS("AN") "])?" MARKS
#define LABEL "(?:" LEFT_TO_RIGHT "|" RIGHT_TO_LEFT ")"

static const char bidi_rule[] =
    "^(?:[^" CLASS("R") CLASS("AL") CLASS("AN") "]*+|" LABEL "(?:\\." LABEL ")*+)$";

/*
 * The one state of this file: a process has one libidn2, whoever asks. It is written
 * once, by idn_load(), and only read from then on.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct idn table;
static pcre2_code *bidi;

bool
idn_concerns(const char *s, size_t n)
{
	static const char prefix[] = "xn--";

	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)s[i] > 0x7f)
			return true;
		if ((s[i] == 'x' || s[i] == 'X') && n - i >= sizeof prefix - 1 &&
		    strncasecmp(s + i, prefix, sizeof prefix - 1) == 0)
			return true;
	}
	return false;
}

static pcre2_code *
bidi_new(void)
{
	PCRE2_SIZE where;
	int error;

	return mem_must(pcre2_compile((PCRE2_SPTR)bidi_rule, PCRE2_ZERO_TERMINATED,
	    PCRE2_UTF | PCRE2_DOLLAR_ENDONLY, &error, &where, NULL));
}

/* Tried again after a failure: what was missing may have been installed since. */
enum err
idn_load(struct error *e)
{
	enum err rc = ERR_OK;

	pthread_mutex_lock(&lock);
	if (bidi == NULL)
		rc = library_open(IDN_LIBRARY, IDN_PACKAGE, functions,
		    sizeof functions / sizeof *functions, &table, sizeof table, e);
	if (bidi == NULL && rc == ERR_OK)
		bidi = bidi_new();
	pthread_mutex_unlock(&lock);
	return rc;
}

/* S, which libidn2 has made, as a text of CTX. */
static char *
keep(void *ctx, void *s)
{
	char *copy = s == NULL ? NULL : mem_text(ctx, s);

	table.idn2_free(s);
	return copy;
}

/*
 * What is registered keeps all rules, those on context too (RFC 5892 appendix A), unlike
 * what is only looked up.
 */
char *
idn_to_ascii(void *ctx, const char *label, bool any_form)
{
	uint8_t *out = NULL;

	if (table.idn2_register_u8((const uint8_t *)label, NULL, &out, any_form ?
	    IDN2_NFC_INPUT : 0) != IDN2_OK)
		return NULL;
	return keep(ctx, out);
}

char *
idn_to_unicode(void *ctx, const char *label)
{
	SCOPED(tmp, NULL);
	char *lower = mem_text(tmp, label), *out = NULL;
	uint8_t *registered = NULL;

	/* RFC 5891 section 5.3: A-labels are compared without regard to case */
	for (char *p = lower; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p |= 'a' ^ 'A';
	if (table.idn2_register_u8(NULL, (const uint8_t *)lower, &registered, 0) != IDN2_OK)
		return NULL;
	table.idn2_free(registered);
	if (table.idn2_to_unicode_8z8z(lower, &out, 0) != IDN2_OK)
		return NULL;
	return keep(ctx, out);
}

bool
idn_keeps_bidi_rule(const char *name)
{
	pcre2_match_data *data = mem_must(pcre2_match_data_create(1, NULL));
	int found = pcre2_match(bidi, (PCRE2_SPTR)name, PCRE2_ZERO_TERMINATED, 0, 0, data, NULL);

	pcre2_match_data_free(data);
	return found >= 0;
}
