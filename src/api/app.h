#ifndef API_APP_H
#define API_APP_H

#include "access/groups.h"
#include "access/identity.h"
#include "access/roles.h"
#include "base/config.h"
#include "db/db.h"
#include "http/router.h"
#include "run/order.h"

/*
 * The application: routes, and the pipeline that does what a route's row says -
 * match, identify, authorise, read the body, call, answer - in one place. It
 * is shared by the worker threads and constant after app_new(), but for the
 * remembered passwords and the kept schemas, which lock by themselves.
 */
struct app {
	const struct config *config;
	struct router *router;
	struct verifier verifier;
	struct schema_keep *schemas;
};

/* NULL: E filled (a route that lacks something). Made for CTX; C is borrowed. */
struct app *app_new(void *ctx, const struct config *c, struct error *e);
/* How many bytes a body of METHOD and PATH may have: to be kept before it is read. */
size_t app_body_max(const struct app *app, void *ctx, enum method method, const char *path);
/*
 * Answers REQ with DB: RES is whole afterwards, also where it is an error. But where REQ->wait is set, the request
 * waits: keep it, do what the wait says (run/link.h), and then call app_resume(), as often as it waits again.
 */
void app_handle(struct app *app, struct db *db, struct request *req, struct response *res);
void app_resume(struct db *db, struct request *req, struct response *res);
/* RES becomes the answer to failure E, for hosts that cannot handle REQ (no database, too many that wait). */
void app_refuse(struct request *req, struct response *res, struct error *e);

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0"	/* built without configure */
#endif

/* For handlers. */
/* Reads REQ's body over RECORD, member by member; what the body leaves out stays. */
enum err request_overlay(struct request *req, void *record, struct error *e) MUST_CHECK;
/* The gateway with the cluster id that the path names first, for REQ. ERR_NOT_FOUND where there is none. */
enum err request_gateway(struct request *req, struct gateway *g, struct error *e) MUST_CHECK;
/* RES's body is RECORD. */
void respond_record(struct response *res, const struct field *fields, const void *record);
/* The same for a caller that is known: to the host, or because the request has been waiting. What it may do now. */
enum err request_identify_again(struct request *req, struct error *e) MUST_CHECK;
/* Finds REQ's caller by the credentials that it brings (access/identity.h). */
enum err request_identify(struct request *req, struct error *e) MUST_CHECK;
/* E as the refusal for faults: field is the first one's path, detail all of them. */
enum err refuse_faults(void *ctx, const struct faults *f, struct error *e);

extern const struct route health_routes[], gateway_routes[], service_routes[], run_routes[], job_routes[],
    connection_routes[], configuration_routes[], service_group_routes[], certificate_routes[],
    authorization_routes[], account_routes[], explain_routes[], openapi_routes[], session_routes[], audit_routes[],
    secret_routes[], plan_state_routes[], inventory_routes[], virtual_cluster_routes[], inspect_routes[];

#endif
