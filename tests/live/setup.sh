#!/bin/sh
# A whole set-up as a program for the original plays it, with curl and jq: log in, read roles, upload a certificate, make a
# group, give it to the account of 24 zeros, create a gateway with the group, see it connected, import services, run one,
# by cookie, by ?token=, by an OAuth bearer and by Basic.
#
# URL, USER, PASSWORD and DIR (a directory for what it needs) are in the environment. Says each step; ends with "done".
set -eu
API=$URL/gateway_manager/v1
FIRST=000000000000000000000000
NAME=site-$(openssl rand -hex 4)

step() { printf '%s\n' "== $*"; }
fail() { printf '%s\n' "setup: $*" >&2; exit 1; }

# call METHOD URL [CURL-ARGUMENTS ...]: the answer's body; any status but 200 ends the script.
call() {
	method=$1 url=$2
	shift 2
	status=$(curl -sS -o "$DIR/answer" -w '%{http_code}' -X "$method" -H 'Accept: application/json' "$@" "$url")
	[ "$status" = 200 ] || fail "$method $url: $status $(cat "$DIR/answer")"
	cat "$DIR/answer"
}

# send METHOD URL JSON: the same with a body, by the cookie.
send() {
	call "$1" "$2" -H 'Content-Type: application/json' -H "Cookie: token=$token" -d "$3"
}

# want JQ-CONDITION < answer: ends the script unless it holds.
want() {
	jq -e "$@" >"$DIR/judged" || fail "not as expected: $*"
}

step log in
token=$(call POST "$URL/login" -H 'Content-Type: application/json' \
    -d "$(jq -n --arg u "$USER" --arg p "$PASSWORD" '{username: $u, password: $p}')")

step read roles
roles=$(call GET "$URL/authorization/roles?limit=100&skip=0" -H "Cookie: token=$token")
assigned=$(printf %s "$roles" | jq -c '[.results[] | select(.name | test("^(gateway|service|job):")) | {roleId: ._id}]')
printf %s "$assigned" | want 'length >= 8'

step upload a certificate
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$DIR/key" -out "$DIR/certificate" -days 30 -subj "/CN=$NAME.example.org" 2>/dev/null
certificate=$(send POST "$API/certificates" "$(jq -n --rawfile pem "$DIR/certificate" --arg a "$NAME" \
    '{raw_certificate: $pem, contract_id: $a, alias: $a}')" | jq -er '.results.upsertedIds["0"]')

step make a group
group=$(send POST "$URL/authorization/groups" "$(jq -n --arg n "$NAME" --argjson r "$assigned" \
    '{group: {name: $n, description: "set up", assignedRoles: $r, memberOf: [], inactive: false, provenance: "Gateway"}}')" |
    jq -er 'select(.status == "OK") | .data._id')

step give it to the first account
admin=$(printf %s "$roles" | jq -er '.results[] | select(.name == "admin") | ._id')
send PATCH "$URL/authorization/accounts/$FIRST" "$(jq -n --arg g "$group" --arg r "$admin" \
    '{updates: {memberOf: [{groupId: $g}], assignedRoles: [{roleId: $r}]}}')" |
    want --arg g "$group" '.status == "OK" and .data.memberOf == [{groupId: $g}]'
call GET "$URL/authorization/groups?limit=100" -H "Cookie: token=$token" |
    want --arg n "$NAME" '[.results[].name] | index($n) != null'

step create a gateway
gateway=$(send POST "$API/gateways" "$(jq -n --arg n "$NAME" --arg c "$certificate" '{gateway: {cluster_id: $n, description: "set up",
    enabled: true, readonly: false, groups: [$n], certificates: [$c], connector: {kind: "local", settings: {}}}}')" |
    jq -er 'select(.state == "Success") | .id')

step see it connected
call GET "$API/connections" -H "Cookie: token=$token" | want --arg n "$NAME" '.[$n] == true'
call GET "$API/gateways/$gateway" -H "Cookie: token=$token" |
    want --arg n "$NAME" '.result.connection_status == "connected" and .result.groups == [$n]'

step import services
mkdir -p "$CODE/$NAME"
printf '#!/bin/sh\nprintf "hello %%s\\n" "$1"\n' >"$CODE/$NAME/hello.sh"
send POST "$API/gateways/$NAME/configuration/import" "$(jq -n --arg d "$CODE/$NAME" '{options: {source: "content", content: {
    "executable-objects": [{name: "sh", "exec-command": "/bin/sh"}],
    decorators: [{name: "who", schema: {type: "object", properties: {who: {type: "string"}}, required: ["who"], additionalProperties: false}}],
    services: [{name: "hello", type: "executable", "executable-object": "sh", "working-directory": $d, filename: "hello.sh",
        "arg-format": "{{.Value}}", decorator: "who"}]}}}')" |
    want '.summary == {added: 3, replaced: 0, skipped: 0}'
call GET "$API/services?limit=500&cluster_id=$NAME" -H "Cookie: token=$token" | want '[.result[].service_metadata.name] == ["hello"]'

bearer=$(call POST "$URL/oauth/token" --data-urlencode grant_type=client_credentials --data-urlencode "client_id=$USER" \
    --data-urlencode "client_secret=$PASSWORD" | jq -er 'select(.token_type == "Bearer") | .access_token')

# run WAY URL-SUFFIX [CURL-ARGUMENTS ...]
run() {
	way=$1 suffix=$2
	shift 2
	step "run it by $way"
	call POST "$API/services/run$suffix" -H 'Content-Type: application/json' "$@" \
	    -d "$(jq -n --arg n "$NAME" --arg w "$way" '{serviceName: "hello", clusterId: $n, params: {who: $w}}')" |
	    want --arg w "$way" '.status == "completed" and .result.return_code == 0 and .result.stdout == "hello \($w)\n"'
}
run cookie '' -H "Cookie: token=$token"
run query "?token=$token"
run bearer '' -H "Authorization: Bearer $bearer"
run basic '' -u "$USER:$PASSWORD"

step clean up
call DELETE "$API/gateways/$gateway?force=true" -H "Cookie: token=$token" | want '.state == "Success"'
call DELETE "$API/certificates/$certificate" -H "Cookie: token=$token" | want '.state == "Success"'
send PATCH "$URL/authorization/accounts/$FIRST" "$(jq -n --arg r "$admin" '{updates: {memberOf: [], assignedRoles: [{roleId: $r}]}}')" >/dev/null
call DELETE "$URL/authorization/groups/$group" -H "Cookie: token=$token" | want '.status == "OK"'
call POST "$URL/logout" -d '' -H "Cookie: token=$token" >/dev/null
[ "$(curl -sS -o /dev/null -w '%{http_code}' -H "Cookie: token=$token" "$API/gateways")" = 401 ] || fail "the session did not end"
echo "done"
