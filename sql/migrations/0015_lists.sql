-- Lists of jobs look at these columns alone, whatever is asked for: their rows, with parameters and results, are read
-- for those that are shown. It takes the place of one index for each column.
CREATE INDEX job_list ON job (seq, cluster_id, service, state, requested_by, gateway_id, service_id);
DROP INDEX job_cluster;
DROP INDEX job_service;
DROP INDEX job_state;
DROP INDEX job_requester;
-- Likewise those of audit records.
CREATE INDEX audit_list ON audit (seq, username, operation);
DROP INDEX audit_username;
DROP INDEX audit_operation;
