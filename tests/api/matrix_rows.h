#ifndef API_MATRIX_ROWS_H
#define API_MATRIX_ROWS_H

/*
 * What each operation answers to whom: see matrix.c. A new route needs a row here, or the tests fail. Answers are
 * written as in a case file behind "expect": the status, and on the next lines what must be there.
 */

struct row {
	const char *op;
	const char *request;	/* as in a case file: method, path; on the next lines more of it, its body last */
	/* To who has all roles but is in no group. NULL: sight does not matter, it is as for who sees. */
	const char *unseen;
	const char *good;	/* to who has all roles but admin and sees it all; and to an administrator */
	const char *given;	/* more of the world, or NULL */
};

#define ANY "200\n{\"...\":true}"
#define GONE "404\n{\"code\":\"not-found\",\"message\":\"@has:there is no \",\"...\":true}"
#define GONE_INVENTORY "404\n{\"code\":\"not-found\",\"message\":\"Inventory 'lab' not found\",\"...\":true}"
#define GONE_INVENTORY_ID "404\n{\"code\":\"not-found\",\"message\":\"@has:not found\",\"...\":true}"
#define EMPTY(key) "200\n{\"state\":\"Success\",\"" key "\":[],\"total\":0}"
#define ONE(key) "200\n{\"state\":\"Success\",\"" key "\":\"@list:1\",\"total\":1}"
#define NOT_RUN "200\n{\"state\":\"Error\",\"error\":{\"data\":\"No connection found to Gateway with cluster id c-1\"," \
	"\"...\":true},\"...\":true}"
#define RUN "200\n{\"state\":\"Success\",\"status\":\"completed\",\"...\":true}"

/* The world of each row: group crew, and for it one of each kind; accounts worker, outsider, idle (matrix.c). */
static const char fixture[] =
    "given POST ~/gateways\n"
    "save gw .id\n"
    "{\"gateway\":{\"cluster_id\":\"c-1\",\"enabled\":true,\"readonly\":false,\"groups\":[\"crew\"],\"connector\":"
    "{\"kind\":\"simulator\",\"settings\":{\"services\":[{\"name\":\"hello\",\"type\":\"python-script\"}]}}}}\n\n"
    "given GET ~/services\n"
    "save service .result.0._id\n\n"
    "given sql\n"
    "INSERT INTO service (id, uuid, gateway_id, name, type, description, discovered, definition, active, created, "
    "last_run) VALUES ('e00000000000000000000001', '00000000-0000-4000-8000-00000000000e', '{{gw}}', 'net', "
    "'opentofu-plan', '', 0, '{\"name\":\"net\"}', 1, 1, 0);\n\n"
    "given POST ~/service-groups\n"
    "save sg .id\n"
    "{\"serviceGroup\":{\"name\":\"day\",\"cluster_id\":\"c-1\",\"services\":[\"{{service}}\"]}}\n\n"
    "given POST ~/virtual-clusters\n"
    "save vc .id\n"
    "{\"virtualCluster\":{\"cluster_id\":\"v-1\",\"enabled\":true,\"readonly\":false,\"primary_cluster_id\":\"c-1\","
    "\"groups\":[\"crew\"]}}\n\n"
    "given POST /inventory_manager/v1/inventories\n"
    "save inventory .result._id\n"
    "{\"name\":\"lab\",\"groups\":[\"crew\"]}\n\n"
    "given POST ~/gateways/c-1/secrets\n"
    "{\"secret\":{\"name\":\"word\",\"value\":\"hush\"}}\n\n"
    "given sql\n"
    "INSERT INTO certificate (id, fingerprint, certificate, created, last_updated, not_before, not_after) VALUES ('c00000000000000000000001', "
    "'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff', 'x', 1, 1, 1000, 2000);\n"
    "INSERT INTO user_group (id, name, created, last_updated) VALUES ('a00000000000000000000002', 'spare', 1, 1);\n"
    "INSERT INTO account (id, username, password_hash, created, created_by, last_updated, last_updated_by) VALUES "
    "('b00000000000000000000009', 'spare', '!', 1, 't', 1, 't');\n"
    "INSERT INTO job (id, attempt_id, request_id, gateway_id, cluster_id, service_id, service, type, params, state, "
    "return_code, requested_by, created, started, ended, elapsed_ms, attempt, cancel_requested, stdout_bytes, "
    "stderr_bytes, truncated) VALUES ('000000000000000000000010', '00000000000000000000001f', "
    "'00000000-0000-4000-8000-000000000001', '{{gw}}', 'c-1', '{{service}}', 'hello', 'python-script', '{}', "
    "'completed', 0, 'admin', 1000, 2000, 3500, 1500, 1, 0, 2, 0, 0);\n"
    "INSERT INTO output (job_id, stream, at, data) VALUES ('000000000000000000000010', 0, 0, CAST('hi' AS BLOB));\n\n";

static const struct row rows[] = {
	{ "status", "GET ~/health/status", NULL, ANY, NULL },
	{ "getPackageVersion", "GET ~/version", NULL, ANY, NULL },
	{ "getRoot", "GET /", NULL, ANY, NULL },
	{ "getHealth", "GET /health", NULL, ANY, NULL },
	{ "getHealthServer", "GET /health/server", NULL, ANY, NULL },
	{ "getHealthStatus", "GET /health/status", NULL, ANY, NULL },
	{ "getHealthSystem", "GET /health/system", NULL, ANY, NULL },
	{ "getHealthAdapters", "GET /health/adapters", NULL, ANY, NULL },
	{ "getHealthApplications", "GET /health/applications", NULL, ANY, NULL },
	{ "getOpenapi", "GET ~/openapi.json", NULL, ANY, NULL },
	{ "login", "POST /login\n{\"username\":\"worker\",\"password\":\"only looking\"}", NULL,
	    "200\nexpect-text @token", NULL },
	{ "getAccessToken", "POST /oauth/token\ntype application/x-www-form-urlencoded\n"
	    "rawbody grant_type=client_credentials&client_id=worker&client_secret=only+looking", NULL, ANY, NULL },
	{ "logout", "POST /logout", NULL, ANY, NULL },
	{ "whoami", "GET /whoami", NULL, ANY, NULL },

	{ "createGateway", "POST ~/gateways\n{\"gateway\":{\"cluster_id\":\"c-2\",\"enabled\":true,\"readonly\":false,"
	    "\"connector\":{\"kind\":\"simulator\"}}}", NULL, ANY, NULL },
	{ "getGateways", "GET ~/gateways", EMPTY("results"), ONE("results"), NULL },
	{ "getGatewayById", "GET ~/gateways/{{gw}}", GONE, ANY, NULL },
	{ "updateGateway", "PUT ~/gateways/{{gw}}\n{\"payload\":{\"description\":\"x\"}}", GONE, ANY, NULL },
	{ "deleteGatewayById", "DELETE ~/gateways/{{gw}}", GONE, ANY,
	    "given DELETE ~/virtual-clusters/{{vc}}\n\n" },
	{ "getAllActiveClients", "GET ~/connections", "200\n{}", "200\n{\"c-1\":true,\"...\":true}", NULL },
	{ "getDeviceHealth", "GET ~/connections/c-1", GONE, "200\n{\"status\":\"success\",\"...\":true}", NULL },
	{ "importConfiguration", "POST ~/gateways/c-1/configuration/import\n"
	    "{\"options\":{\"source\":\"content\",\"content\":{}}}", GONE, ANY, NULL },
	{ "exportConfiguration", "GET ~/gateways/c-1/configuration/export", GONE, ANY, NULL },
	{ "inspectClusterHealth", "GET /gateway_manager/v1/gateway/c-1/health", GONE, ANY, NULL },
	{ "inspectClusterActivity", "GET /gateway_manager/v1/gateway/c-1/activity", GONE, ANY, NULL },
	{ "setSecret", "POST ~/gateways/c-1/secrets\n{\"secret\":{\"name\":\"other\",\"value\":\"hush\"}}", GONE, ANY, NULL },
	{ "getSecrets", "GET ~/gateways/c-1/secrets", GONE, ONE("results"), NULL },
	{ "deleteSecret", "DELETE ~/gateways/c-1/secrets/word", GONE, ANY, NULL },
	{ "createVirtualCluster", "POST ~/virtual-clusters\n{\"virtualCluster\":{\"cluster_id\":\"v-2\",\"enabled\":true,"
	    "\"readonly\":false,\"primary_cluster_id\":\"c-1\"}}",
	    "400\n{\"field\":\"primary_cluster_id\",\"message\":\"@has:there is no gateway c-1\",\"...\":true}", ANY,
	    NULL },
	{ "getVirtualClusters", "GET ~/virtual-clusters", EMPTY("results"), ONE("results"), NULL },
	{ "getVirtualClusterById", "GET ~/virtual-clusters/{{vc}}", GONE, ANY, NULL },
	{ "updateVirtualCluster", "PUT ~/virtual-clusters/{{vc}}\n{\"virtualCluster\":{\"description\":\"x\"}}", GONE, ANY,
	    NULL },
	{ "deleteVirtualClusterById", "DELETE ~/virtual-clusters/{{vc}}", GONE, ANY, NULL },

	{ "getServices", "GET ~/services", EMPTY("result"),
	    "200\n{\"state\":\"Success\",\"result\":\"@list:2\",\"total\":2}", NULL },
	{ "getServiceById", "GET ~/services/{{service}}", GONE, ANY, NULL },
	{ "runService", "POST ~/services/run\n{\"serviceName\":\"hello\",\"clusterId\":\"c-1\"}", NOT_RUN, RUN, NULL },
	{ "runServiceByName", "POST ~/gateways/c-1/services/hello/run\n{}", NOT_RUN, RUN, NULL },
	{ "getPlanState", "GET ~/gateways/c-1/services/net/state", GONE,
	    "404\n{\"message\":\"@has:no such state\",\"...\":true}", NULL },
	{ "putPlanState", "POST ~/gateways/c-1/services/net/state\n{\"state\":{}}", GONE,
	    "400\n{\"code\":\"invalid\",\"...\":true}", NULL },
	{ "getPlanStates", "GET ~/gateways/c-1/services/net/states", GONE, ANY, NULL },
	{ "createServiceGroup", "POST ~/service-groups\n{\"serviceGroup\":{\"name\":\"night\",\"cluster_id\":\"c-1\"}}",
	    "400\n{\"field\":\"cluster_id\",\"message\":\"@has:there is no gateway c-1\",\"...\":true}", ANY, NULL },
	{ "getServiceGroups", "GET ~/service-groups", EMPTY("results"),
	    "200\n{\"state\":\"Success\",\"results\":\"@list:2\",\"total\":2}", NULL },
	{ "getServiceGroupById", "GET ~/service-groups/{{sg}}", GONE, ANY, NULL },
	{ "updateServiceGroup", "PATCH ~/service-groups/{{sg}}\n{\"patches\":{\"description\":\"x\"}}", GONE, ANY, NULL },
	{ "deleteServiceGroup", "DELETE ~/service-groups/{{sg}}", GONE, ANY, NULL },

	{ "getJobs", "GET ~/jobs", EMPTY("results"), ONE("results"), NULL },
	{ "getJobById", "GET ~/jobs/000000000000000000000010", GONE, ANY, NULL },
	{ "deleteJob", "DELETE ~/jobs/000000000000000000000010", GONE, ANY, NULL },
	{ "cancelJob", "POST ~/jobs/000000000000000000000010/cancel", GONE,
	    "409\n{\"message\":\"@has:has ended already\",\"...\":true}", NULL },
	{ "getJobOutput", "GET ~/jobs/000000000000000000000010/output", GONE, "200\nexpect-raw hi", NULL },
	{ "getJobEvents", "GET ~/jobs/000000000000000000000010/events", GONE, ANY, NULL },

	{ "createCertificate", "POST ~/certificates\n{\"raw_certificate\":\"none\"}", NULL,
	    "400\n{\"code\":\"invalid\",\"...\":true}", NULL },
	{ "getCertificates", "GET ~/certificates", NULL, ONE("results"), NULL },
	{ "getCertificateById", "GET ~/certificates/c00000000000000000000001", NULL, ANY, NULL },
	{ "updateCertificateById", "PUT ~/certificates/c00000000000000000000001\n{\"alias\":\"x\"}", NULL, ANY, NULL },
	{ "deleteCertificateById", "DELETE ~/certificates/c00000000000000000000001", NULL, ANY, NULL },

	{ "createInventory", "POST /inventory_manager/v1/inventories\n{\"name\":\"new\"}", NULL, ANY, NULL },
	{ "getInventories", "GET /inventory_manager/v1/inventories",
	    "200\n{\"status\":\"Success\",\"result\":{\"data\":[],\"totalRecords\":0,\"...\":true}}",
	    "200\n{\"status\":\"Success\",\"result\":{\"data\":\"@list:1\",\"totalRecords\":1,\"...\":true}}", NULL },
	{ "getInventory", "GET /inventory_manager/v1/inventories/{{inventory}}", GONE_INVENTORY_ID, ANY, NULL },
	{ "updateInventory", "PATCH /inventory_manager/v1/inventories/lab\n{\"description\":\"x\"}", GONE_INVENTORY, ANY,
	    NULL },
	{ "deleteInventory", "DELETE /inventory_manager/v1/inventories/lab", GONE_INVENTORY, ANY, NULL },
	{ "getInventoryNodes", "GET /inventory_manager/v1/inventories/lab/nodes", GONE_INVENTORY, ANY, NULL },
	{ "populateInventory", "POST /inventory_manager/v1/nodes/bulk\n"
	    "{\"inventory_identifier\":\"lab\",\"nodes\":[{\"name\":\"r1\"}]}", GONE_INVENTORY, ANY, NULL },
	{ "clearInventory", "DELETE /inventory_manager/v1/nodes/clear/lab", GONE_INVENTORY, ANY, NULL },

	{ "getRoles", "GET /authorization/roles", NULL, ANY, NULL },
	{ "getGroups", "GET /authorization/groups", NULL, ANY, NULL },
	{ "createGroup", "POST /authorization/groups\n{\"group\":{\"name\":\"new\"}}", NULL, ANY, NULL },
	{ "getGroupById", "GET /authorization/groups/a00000000000000000000002", NULL, ANY, NULL },
	{ "updateGroup", "PATCH /authorization/groups/a00000000000000000000002\n{\"updates\":{\"description\":\"x\"}}",
	    NULL, ANY, NULL },
	{ "deleteGroup", "DELETE /authorization/groups/a00000000000000000000002", NULL, ANY, NULL },
	{ "getAccounts", "GET /authorization/accounts", NULL, ANY, NULL },
	{ "createAccount", "POST /authorization/accounts\n{\"account\":{\"username\":\"new\",\"password\":"
	    "\"long enough\"}}", NULL, ANY, NULL },
	{ "getAccountById", "GET /authorization/accounts/b00000000000000000000009", NULL, ANY, NULL },
	{ "updateAccount", "PATCH /authorization/accounts/b00000000000000000000009\n{\"updates\":{\"inactive\":true}}",
	    NULL, ANY, NULL },
	{ "deleteAccount", "DELETE /authorization/accounts/b00000000000000000000009", NULL, ANY, NULL },
	{ "explain", "GET /authorization/explain?account=worker&operation=runService&cluster_id=c-1&service=hello",
	    GONE, ANY, NULL },
	{ "getAudit", "GET ~/audit", NULL, ANY, NULL },
};

#endif
