#include "json/number.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"

struct json_object *
number_int(const char *s)
{
	int64_t v;

	if (!text_int(s, INT64_MIN, INT64_MAX, &v))
		return NULL;
	return mem_must(json_object_new_int64(v));
}

/* strtod() reads a point as a point because no program of ours calls setlocale(). */
struct json_object *
number_double(const char *s)
{
	double v = strtod(s, NULL);

	return isinf(v) ? NULL : mem_must(json_object_new_double_s(v, s));
}
