#include "json/weight.h"

#include <stdbool.h>
#include <string.h>

#include "json/yaml.h"

static const char *
add_text(struct weight *w, size_t n)
{
	w->copied += n;
	return w->copied > YAML_COPIED ? "the aliases make too much text" : NULL;
}

static const char *
add_members(struct weight *w, struct json_object *o, unsigned depth)
{
	const char *wrong;

	json_object_object_foreach(o, key, value) {
		wrong = add_text(w, strlen(key));
		if (wrong == NULL)
			wrong = weight_add(w, value, depth);
		if (wrong != NULL)
			return wrong;
	}
	return NULL;
}

static const char *
add_items(struct weight *w, struct json_object *o, unsigned depth)
{
	size_t n = json_object_array_length(o);
	const char *wrong = NULL;

	for (size_t i = 0; i < n && wrong == NULL; i++)
		wrong = weight_add(w, json_object_array_get_idx(o, i), depth);
	return wrong;
}

const char *
weight_add(struct weight *w, struct json_object *o, unsigned depth)
{
	bool is_object = json_object_is_type(o, json_type_object);

	if (++w->values > YAML_NODES)
		return "there are too many values";
	if (json_object_is_type(o, json_type_string))
		return add_text(w, (size_t)json_object_get_string_len(o));
	if (!is_object && !json_object_is_type(o, json_type_array))
		return NULL;
	if (depth == YAML_DEPTH)
		return "this is nested too deeply";
	return is_object ? add_members(w, o, depth + 1) : add_items(w, o, depth + 1);
}
