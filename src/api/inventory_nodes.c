#include "api/inventory.h"

#include <stdio.h>
#include <string.h>

#include "access/groups.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "json/body.h"
#include "json/record.h"

enum err
inventory_seen(struct request *req, const char *id_or_name, struct inventory *i, struct error *e)
{
	bool found;

	if (groups_inventory(req, req->db, req->caller, id_or_name, i, &found, e) != ERR_OK)
		return e->code;
	if (!found)
		return error_set(e, ERR_NOT_FOUND, "Inventory '%s' not found", id_or_name);
	return ERR_OK;
}

/* --- the nodes of a body --- */

/* E, about a member of node NUMBER, with the whole path of that member. */
static enum err
fault_at(struct error *e, size_t number)
{
	char member[ERROR_FIELD_MAX], path[2 * ERROR_FIELD_MAX], detail[ERROR_DETAIL_MAX];
	size_t skip;

	if (e->code != ERR_INVALID)
		return e->code;
	snprintf(member, sizeof member, "%s", e->field);
	skip = *member != '\0' && strncmp(e->detail, member, strlen(member)) == 0 ?
	    strlen(member) + strlen(": ") : 0;
	snprintf(detail, sizeof detail, "%s", e->detail + skip);
	snprintf(path, sizeof path, "nodes[%zu]%s%s", number, *member != '\0' ? "." : "", member);
	return error_field(e, path, "%s", detail);
}

static bool
has_control(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == '\x7f')
			return true;
	return false;
}

static enum err
check_node(const struct inventory_node *n, struct error *e)
{
	for (size_t i = 0; i < n->tags.n; i++)
		if (has_control(n->tags.at[i]))
			return error_field(e, "tags", "must hold no control characters");
	if (strlen(n->attributes) > INVENTORY_ATTRIBUTES_MAX)
		return error_field(e, "attributes", "must have at most %d bytes",
		    INVENTORY_ATTRIBUTES_MAX);
	return ERR_OK;
}

static enum err
read_node(void *ctx, struct json_object *o, struct inventory_node *n, struct error *e)
{
	if (record_from_json(ctx, inventory_node_fields, o, n, RECORD_CREATE, e) != ERR_OK)
		return e->code;
	if (n->attributes == NULL)
		n->attributes = "{}";
	return check_node(n, e);
}

static enum err
put_node(struct request *req, const struct inventory *i, struct json_object *o, struct error *e)
{
	SCOPED(tmp, NULL);
	struct inventory_node n = {
		.id = id_new(tmp), .inventory_id = i->id,
		.created = clock_wall(), .last_updated = clock_wall(),
		.created_by = req->caller->username, .last_updated_by = req->caller->username,
	};

	if (read_node(tmp, o, &n, e) != ERR_OK)
		return e->code;
	return inventory_node_put(req->db, &n, e);
}

/* A name that is there twice in one body is a mistake: one of the two would be lost. */
static enum err
check_twice(struct request *req, struct json_object *list, struct error *e)
{
	SCOPED(tmp, req);
	struct json_object *seen = json_keep(tmp, mem_must(json_object_new_object()));

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		const char *name = json_get_text(json_object_array_get_idx(list, i), "name");

		if (name == NULL)
			continue;
		if (json_object_object_get_ex(seen, name, NULL)) {
			error_field(e, "name", "%s is there twice", name);
			return fault_at(e, i);
		}
		json_set(seen, name, NULL);
	}
	return ERR_OK;
}

static enum err
check_weight(struct request *req, const struct inventory *i, struct error *e)
{
	int64_t nodes, bytes;

	if (inventory_weight(req->db, i->id, &nodes, &bytes, e) != ERR_OK)
		return e->code;
	if (nodes > INVENTORY_NODES_MAX)
		return error_set(e, ERR_TOO_LARGE, "an inventory has at most %d nodes",
		    INVENTORY_NODES_MAX);
	if (bytes > INVENTORY_BYTES_MAX)
		return error_set(e, ERR_TOO_LARGE,
		    "the attributes of an inventory have at most %d bytes", INVENTORY_BYTES_MAX);
	return ERR_OK;
}

enum err
inventory_fill(struct request *req, const struct inventory *i, struct json_object *list, bool merge,
    struct error *e)
{
	if (!json_object_is_type(list, json_type_array))
		return error_field(e, "nodes", "must be an array of {name, attributes, tags}");
	if (json_object_array_length(list) > INVENTORY_NODES_MAX)
		return error_set(e, ERR_TOO_LARGE, "nodes: an inventory has at most %d nodes",
		    INVENTORY_NODES_MAX);
	if (check_twice(req, list, e) != ERR_OK ||
	    (!merge && inventory_clear(req->db, i->id, e) != ERR_OK))
		return e->code;
	for (size_t k = 0; k < json_object_array_length(list); k++)
		if (put_node(req, i, json_object_array_get_idx(list, k), e) != ERR_OK)
			return fault_at(e, k);
	return check_weight(req, i, e);
}
