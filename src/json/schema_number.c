#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json/schema_private.h"

/* The first double above every int64_t; its negative is the least int64_t itself. */
static const double int_end = 0x1p63;

enum {
	DIGITS_LEAST = 15,	/* that many decimal digits each double keeps */
	DIGITS_MOST = 17,	/* and no double needs more to be told from all others */
	DIGITS_ROOM = 40,
	TEN = 10
};

#define HASH_START UINT64_C(0xcbf29ce484222325)	/* FNV-1a */
#define HASH_PRIME UINT64_C(0x100000001b3)

static struct number
number_of_double(double d)
{
	struct number n = { .d = d };

	if (d >= -int_end && d < int_end && d == trunc(d)) {
		n.is_int = true;
		n.i = (int64_t)d;
	}
	return n;
}

struct number
number_of(struct json_object *v)
{
	struct number n = { .is_int = true };

	if (json_object_is_type(v, json_type_double))
		return number_of_double(json_object_get_double(v));
	/* json-c has unsigned integers too, and saturates where one is asked for as signed */
	if (json_object_get_uint64(v) > INT64_MAX)
		return number_of_double((double)json_object_get_uint64(v));
	n.i = json_object_get_int64(v);
	return n;
}

static int
compare_mixed(int64_t i, double d)
{
	int64_t whole;

	if (isnan(d))
		return 2;
	if (d >= int_end)
		return -1;
	if (d < -int_end)
		return 1;
	whole = (int64_t)d;
	if (i != whole)
		return i < whole ? -1 : 1;
	return ((double)whole > d) - ((double)whole < d);
}

int
number_compare(struct number a, struct number b)
{
	int order;

	if (a.is_int && b.is_int)
		return (a.i > b.i) - (a.i < b.i);
	if (a.is_int)
		return compare_mixed(a.i, b.d);
	if (b.is_int) {
		order = compare_mixed(b.i, a.d);
		return order == 2 ? order : -order;
	}
	if (isnan(a.d) || isnan(b.d))
		return 2;
	return (a.d > b.d) - (a.d < b.d);
}

/* A number without its sign: digits times ten to the power of exponent. */
struct decimal {
	uint64_t digits;
	int exponent;
};

/*
 * The shortest decimal that reads as D: what a person wrote, as 0.01, rather
 * than the binary fraction that stands for it.
 */
static struct decimal
decimal_of_double(double d)
{
	char s[DIGITS_ROOM];
	struct decimal out = { 0, 0 };
	int digits = DIGITS_LEAST, after = 0;
	bool point = false;
	const char *p = s;

	do
		snprintf(s, sizeof s, "%.*e", digits - 1, fabs(d));
	while (strtod(s, NULL) != fabs(d) && ++digits <= DIGITS_MOST);
	for (; *p != '\0' && *p != 'e'; p++) {
		if (*p < '0' || *p > '9') {
			point = true;
			continue;
		}
		out.digits = out.digits * TEN + (uint64_t)(*p - '0');
		after += point;
	}
	out.exponent = (int)strtol(*p == 'e' ? p + 1 : p, NULL, TEN) - after;
	return out;
}

static struct decimal
decimal_of(struct number n)
{
	if (n.is_int)
		return (struct decimal){ n.i < 0 ? -(uint64_t)n.i : (uint64_t)n.i, 0 };
	return decimal_of_double(n.d);
}

/*
 * A times ten modulo M, where M is at most 2^63 and A is less than it, so that
 * no sum is too large.
 */
static uint64_t
ten_times(uint64_t a, uint64_t m)
{
	uint64_t twice = (a + a) % m, sum = (twice + twice) % m;

	sum = (sum + sum) % m;
	return (sum + twice) % m;
}

bool
number_is_multiple(struct number a, struct number b)
{
	struct decimal x, y;
	int shift;

	if (a.is_int && b.is_int)
		return a.i % b.i == 0;
	if ((!a.is_int && !isfinite(a.d)) || (!b.is_int && !isfinite(b.d)))
		return false;
	x = decimal_of(a);
	y = decimal_of(b);
	if (x.digits == 0)
		return true;
	for (shift = x.exponent - y.exponent; shift < 0; shift++) {
		if (y.digits > UINT64_MAX / TEN)
			return false;
		y.digits *= TEN;
	}
	x.digits %= y.digits;
	for (; shift > 0 && x.digits != 0; shift--)
		x.digits = ten_times(x.digits, y.digits);
	return x.digits == 0;
}

unsigned
value_types(struct json_object *v)
{
	struct number n;

	switch (json_object_get_type(v)) {
	case json_type_null:
		return TYPE_NULL;
	case json_type_boolean:
		return TYPE_BOOLEAN;
	case json_type_int:
		return TYPE_INTEGER | TYPE_NUMBER;
	case json_type_double:
		/* an integer that is too large for int64_t is one all the same */
		n = number_of(v);
		return n.is_int || trunc(n.d) == n.d ? TYPE_INTEGER | TYPE_NUMBER : TYPE_NUMBER;
	case json_type_string:
		return TYPE_STRING;
	case json_type_array:
		return TYPE_ARRAY;
	case json_type_object:
		return TYPE_OBJECT;
	}
	return 0;
}

static bool
arrays_equal(struct json_object *a, struct json_object *b)
{
	size_t n = json_object_array_length(a);

	if (n != json_object_array_length(b))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!value_equal(json_object_array_get_idx(a, i), json_object_array_get_idx(b, i)))
			return false;
	return true;
}

static bool
objects_equal(struct json_object *a, struct json_object *b)
{
	struct json_object *other;
	struct lh_entry *e;

	if (json_object_object_length(a) != json_object_object_length(b))
		return false;
	lh_foreach(json_object_get_object(a), e)
		if (!json_object_object_get_ex(b, lh_entry_k(e), &other) ||
		    !value_equal(lh_entry_v(e), other))
			return false;
	return true;
}

static bool
strings_equal(struct json_object *a, struct json_object *b)
{
	int n = json_object_get_string_len(a);

	return n == json_object_get_string_len(b) &&
	    memcmp(json_object_get_string(a), json_object_get_string(b), (size_t)n) == 0;
}

bool
value_equal(struct json_object *a, struct json_object *b)
{
	unsigned types = value_types(a);

	if ((types & value_types(b)) == 0)
		return false;
	if (types & TYPE_NUMBER)
		return number_compare(number_of(a), number_of(b)) == 0;
	if (types & TYPE_STRING)
		return strings_equal(a, b);
	if (types & TYPE_ARRAY)
		return arrays_equal(a, b);
	if (types & TYPE_OBJECT)
		return objects_equal(a, b);
	return types == TYPE_NULL || json_object_get_boolean(a) == json_object_get_boolean(b);
}

static uint64_t
hash_bytes(uint64_t h, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * HASH_PRIME;
	return h;
}

static uint64_t
hash_object(struct json_object *v)
{
	uint64_t h = HASH_START;
	struct lh_entry *e;

	/* a sum, since the order of members does not matter */
	lh_foreach(json_object_get_object(v), e) {
		const char *key = lh_entry_k(e);
		uint64_t of_value = value_hash(lh_entry_v(e));

		h += hash_bytes(hash_bytes(HASH_START, key, strlen(key)), &of_value,
		    sizeof of_value);
	}
	return h;
}

static uint64_t
hash_array(struct json_object *v)
{
	uint64_t h = HASH_START + TYPE_ARRAY;

	for (size_t i = 0; i < json_object_array_length(v); i++) {
		uint64_t of_item = value_hash(json_object_array_get_idx(v, i));

		h = hash_bytes(h, &of_item, sizeof of_item);
	}
	return h;
}

uint64_t
value_hash(struct json_object *v)
{
	unsigned types = value_types(v);
	struct number n;

	if (types & TYPE_NUMBER) {
		n = number_of(v);
		return n.is_int ? hash_bytes(HASH_START, &n.i, sizeof n.i) :
		    hash_bytes(HASH_START, &n.d, sizeof n.d);
	}
	if (types & TYPE_STRING)
		return hash_bytes(HASH_START, json_object_get_string(v),
		    (size_t)json_object_get_string_len(v));
	if (types & TYPE_ARRAY)
		return hash_array(v);
	if (types & TYPE_OBJECT)
		return hash_object(v);
	if (types == TYPE_NULL)
		return HASH_START;
	return HASH_START + (json_object_get_boolean(v) ? 1 : 2);
}
