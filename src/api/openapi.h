#ifndef API_OPENAPI_H
#define API_OPENAPI_H

#include <json-c/json.h>

#include "http/router.h"

/*
 * The OpenAPI 3.1 document of what R has, printed from the routes and their
 * field tables, in their order; what is no record comes from
 * api/openapi_shapes.c. The caller owns it.
 */
struct json_object *openapi_document(const struct router *r);

#endif
