"""What services of the four types are given is exactly what was sent, or the caller gets an error, and nothing is ever
interpreted: with the real python3 and ansible-playbook, with tests/standin/tofu, and with terraform where it is
installed."""
import contextlib
import json
import os
import shutil

from frame import on, own
from lib import PATIENCE, ROOT, Skip, check

here = on("lighttpd")   # none of it depends on the web server
TERRAFORM = "/usr/local/bin/terraform"
TOFU = {"tofu": ROOT / "tests" / "standin" / "tofu"}

KIB = 1024
WORD = 128 * KIB - 1            # bytes of the longest word of a command line
HACK = "{{ lookup('pipe', 'touch HACKED') }}"
TEXTS = {
    "plain": "a b  c", "empty": "", "dashes": "--help", "dash": "-", "rf": "-rf /", "equals": "=x=y", "quotes": "'\"`\\",
    "shell": "$(touch HACKED) `touch HACKED`; touch HACKED & | > HACKED $HOME *", "lines": "\n a\r\n\tb\n",
    "template": HACK + " {% raw %} {# x #} ${path.module} ${path.cwd} %{ if true }x%{ endif } %s %n", "raw": "{% raw %}" + HACK,
    "unicode": "\u00e4\u20ac\U0001f600\u0301\u200f\ufeff\u2028", "decomposed": "e\u0301", "control": "".join(map(chr, range(1, 32))) + "\x7f\x80\x9b",
    "at": "@/etc/passwd", "long": "x" * 100 * KIB, "wide": "\u20ac" * 40 * KIB,
    "yaml": "no", "number": "0123", "null": "null", "json": "{\"a\": [1]}", "tilde": "~root", "percent": "100%", "bang": "!unsafe x",
}
OTHERS = {"zero": 0, "minus": -7, "big": 9007199254740993, "bigger": 2 ** 64 + 1, "least": -2 ** 63 - 1, "fraction": 1.5,
          "negative_zero": -0.0, "tiny": 5e-324, "most": 1.7976931348623157e308, "yes": True,
          "list": ["a b", 1, None, {"--k": "$(id)"}, HACK], "object": {"k 1": HACK, "n": {"m": []}}, "none": [], "nothing": {}}
VALUES = {**TEXTS, **OTHERS}
SITE = {n: v for n, v in VALUES.items() if n not in ("long", "wide")}      # attributes of a node are at most 64 KiB
# What terraform makes of values itself: texts in normal form C, one zero, and all digits of a number.
TERRAFORM_MAKES = {"decomposed": "\u00e9", "negative_zero": 0, "most": 17976931348623157 * 10 ** 292}
SHOW = "import json, sys\njson.dump([sys.argv[1:], sys.stdin.read()], open(sys.argv[0] + '.seen', 'w'))\n"
# Each way in which a value is used often; none may run what is in it.
PLAY = """- hosts: all
  gather_facts: false
  connection: local
  vars: {again: "{{ sent }}"}
  tasks:
    - ansible.builtin.debug: {var: sent}
    - ansible.builtin.debug: {msg: "{{ sent.template }} {{ sent.list[4] }} {{ sent.object }} {{ again.raw }}"}
    - ansible.builtin.debug: {msg: "{{ item }}"}
      loop: "{{ sent.list }}"
    - ansible.builtin.debug: {msg: "{{ item.key }} {{ item.value }}"}
      loop: "{{ sent.object | dict2items }}"
    - ansible.builtin.set_fact: {kept: "{{ sent.template | upper | lower }}", later: "x {{ site | default('') }}"}
    - ansible.builtin.debug: {msg: "{{ kept }} {{ later }} {{ hostvars[inventory_hostname].site | default('') }}"}
    - ansible.builtin.copy:
        dest: "{{ playbook_dir }}/{{ inventory_hostname }}.seen"
        content: "{{ [sent, site | default(none)] | to_json }}"
"""


def four(folder):
    schema = {"type": "object", "properties": {"yes": {"type": "boolean"}}}
    common = {"working-directory": folder}
    return {"decorators": [{"name": "d", "schema": schema}],
            "executable-objects": [{"name": "python", "exec-command": "/usr/bin/python3"}],
            "services": [
                dict(common, name="python", type="python-script", filename="python.py", decorator="d"),
                dict(common, name="program", type="executable", filename="program.py", **{
                    "executable-object": "python", "arg-format": "--{{.Key}} {{.Value}}"}),
                dict(common, name="play", type="ansible-playbook", playbooks=["site.yml"]),
                dict(common, name="plan", type="opentofu-plan")]}


@contextlib.contextmanager
def services(g):
    """A gateway "four" with one service of each type; gives their directory. Nobody may have made a file HACKED."""
    folder = g.code / "four"
    folder.mkdir(exist_ok=True)
    for name in ("python.py", "program.py"):
        (folder / name).write_text(SHOW)
    (folder / "site.yml").write_text(PLAY)
    g.gateway_named("four", four(str(folder)))
    yield folder
    found = [*folder.rglob("*HACKED*"), *g.state.rglob("*HACKED*"), *g.dir.glob("*HACKED*")]
    check(not found, "something was interpreted:", found)


def run(g, service, params, **more):
    return g.ok("POST", "/services/run", {"clusterId": "four", "serviceName": service, "params": params, **more},
                headers={"Prefer": f"wait={PATIENCE * 10}"})


def completed(g, service, params, **more):
    answer = run(g, service, params, **more)
    check(answer["status"] == "completed", service, list(params)[:3], str(answer)[:2000])
    return answer["result"]


def refused(g, service, params, says, **more):
    answer = run(g, service, params, **more)
    check(answer["state"] == "Error" and says in answer["error"]["data"], service, says, str(answer)[:2000])


def same(name, sent, got):
    """Equal in value and type, also the sign of a zero."""
    check(json.dumps(got, sort_keys=True) == json.dumps(sent, sort_keys=True), name, str(sent)[:200], "came as", str(got)[:200])


def pairs_of(words, split):
    """What came as options: {name: text}; a bare one is None."""
    if split:
        check(len(words) % 2 == 0, words[:20])
        return {k[2:]: v for k, v in zip(words[::2], words[1::2])}
    return {w[2:].partition("=")[0]: w.partition("=")[2] if "=" in w else None for w in words}


def words_of(folder, service):
    return json.loads((folder / f"{service}.py.seen").read_text())[0]


def as_words(g, folder, service, split):
    for name, value in VALUES.items():          # one by one: together they are too much for a command line
        completed(g, service, {name: value, "no": False, "void": None})
        got = pairs_of(words_of(folder, service), split)
        # services.md: a flag that is false is left out, and so is what is null.
        check(got.pop("no", None) == ("false" if split else None), got)
        check(set(got) == {name}, name, list(got)[:5])
        if service == "python" and value is True:
            check(got[name] is None, got)       # the schema says boolean: a bare flag
        elif isinstance(value, str):
            same(name, value, got[name])
        else:
            same(name, value, json.loads(got[name]))


@here
@own()
def test_python_and_executable_get_exactly_what_was_sent(g):
    with services(g) as folder:
        g.ok("POST", "//inventory_manager/v1/inventories", {"name": "lab", "nodes": [{"name": HACK, "attributes": SITE}]})
        for service, split in (("python", False), ("program", True)):
            as_words(g, folder, service, split)
            completed(g, service, {}, inventory=[{"inventory": "lab"}])
            given = json.loads(json.loads((folder / f"{service}.py.seen").read_text())[1])
            same("nodes", [{"name": HACK, "attributes": SITE}], given["inventory_nodes"])
            # Exactly as long as a word can be, and one byte more.
            room = WORD - (len("--v=") if service == "python" else 0)
            completed(g, service, {"v": "x" * room})
            check(pairs_of(words_of(folder, service), split)["v"] == "x" * room)
            (folder / f"{service}.py.seen").unlink()
            for params, says in (({"-x": 1}, "begins with -"), ({"a=b": 1}, "holds ="), ({"a\nb": 1}, "line break"),
                                 ({"": 1}, "without a name"), ({"v": "x" * (room + 1)}, "the parameter v is too long"),
                                 ({"v": ["x" * 129 * KIB]}, "the parameter v is too long")):
                refused(g, service, params, says)
            check(not (folder / f"{service}.py.seen").exists(), service, "was started")


@here
@own()
def test_very_many_parameters(g):
    """All that a body has room for: they come, or are too much for a command line. The dispatcher has other runs too."""
    with services(g) as folder:
        some = {f"k{i}": i for i in range(20000)}
        completed(g, "python", some)
        check(pairs_of(words_of(folder, "python"), False) == {k: str(v) for k, v in some.items()})
        for service, count in (("python", 94000), ("program", 94000)):
            pid = g.dispatcher_pid()
            (folder / f"{service}.py.seen").unlink(missing_ok=True)
            many = "{" + ",".join(f'"{i}":1' for i in range(count)) + "}"
            reply = g.call("POST", "/services/run", raw=b'{"clusterId":"four","serviceName":"%s","params":%s}' % (
                service.encode(), many.encode()), headers={"Content-Type": "application/json"})
            check(reply.status == 200, reply)
            if reply.json["state"] == "Error":
                check("the parameters are too long for" in reply.json["error"]["data"], reply)
                check(not (folder / f"{service}.py.seen").exists(), service, "was started")
            else:
                check(len(words_of(folder, service)) == count * (2 if service == "program" else 1), reply)
            check(g.dispatcher_pid() == pid, "another dispatcher")
        check(reply.json["state"] == "Error", "a command line of so many words:", reply)


@here
@own()
def test_executable_sees_no_shell(g):
    """The value of a parameter stays one word, whatever is around it in arg-format."""
    with services(g) as folder:
        document = {"services": [dict(four(str(folder))["services"][1], name="odd", **{
            "arg-format": "{{.Value}} x{{.Key}}={{ .Value }}; '{{.Value}}'"})]}
        g.ok("POST", "/gateways/four/configuration/import", {"options": {"source": "content", "content": document}})
        for value in TEXTS.values():
            value = value[:1000]
            completed(g, "odd", {"v": value})
            same("odd", [value, f"xv={value};", f"'{value}'"], words_of(folder, "program"))


@here
@own()
def test_playbook_gets_exactly_what_was_sent(g):
    """Extra variables and attributes of nodes, by all the ways that a playbook uses them."""
    if not shutil.which("ansible-playbook", path="/usr/bin"):
        raise Skip("ansible-playbook")
    with services(g) as folder:
        g.ok("POST", "//inventory_manager/v1/inventories", {"name": "lab", "nodes": [
            {"name": "r1", "attributes": {"site": SITE}}, {"name": "r2", "attributes": {"site": HACK}},
            {"name": HACK.replace("/", "")}, {"name": "r4", "attributes": {"a": [{HACK: 1}]}}]})
        completed(g, "play", {"sent": VALUES}, inventory=[{"inventory": "lab", "nodeNames": ["r1", "r2"]}])
        for node, site in (("r1", SITE), ("r2", HACK)):
            got = json.loads((folder / f"{node}.seen").read_text())
            for name, value in VALUES.items():
                same(name, value, got[0][name])
            same(node, site, got[1])
        completed(g, "play", {"sent": dict(VALUES, void=None, long="x" * 300 * KIB)})
        same("void", None, json.loads((folder / "localhost.seen").read_text())[0]["void"])
        (folder / "localhost.seen").unlink()
        for params, says in (({HACK: 1}, "could take it for a template"), ({"sent": [{"a": {"{% x": 1}}]}, "for a template"),
                             ({"sent": {"__ansible_vault": "x"}}, "__ansible_vault cannot be given"),
                             ({"ansible_python_interpreter": "touch HACKED #"}, "a setting of its own"),
                             ({"ansible_ssh_common_args": "-o ProxyCommand='touch HACKED'", "ansible_connection": "ssh"},
                              "a setting of its own")):
            refused(g, "play", params, says)
        for node, says in ((HACK, "cannot be given"), ("r4", "could take it for a template")):
            refused(g, "play", {}, says, inventory=[{"inventory": "lab", "nodeNames": [node]}])
        check(not (folder / "localhost.seen").exists(), "it was started")


def plan_gets_exactly(g, normal):
    """NORMAL: what the program is known to change itself, {name: value}."""
    with services(g) as folder:
        plan = {"variable": {n: {"default": None} for n in VALUES}, "output": {n: {"value": "${var.%s}" % n} for n in VALUES}}
        (folder / "main.tf.json").write_text(json.dumps(plan))
        outputs = json.loads(completed(g, "plan", {"action": "apply", **VALUES, "void": None})["state_file"])["outputs"]
        for name, value in {**VALUES, **normal}.items():
            same(name, value, outputs[name]["value"])
        refused(g, "plan", {"action": "launch"}, "apply, destroy or plan")
        refused(g, "plan", {}, "apply, destroy or plan")


@here
@own(local=TOFU)
def test_standin_plan_gets_exactly_what_was_sent(g):
    plan_gets_exactly(g, {})


@here
@own(local={"tofu": TERRAFORM})
def test_real_terraform_plan_gets_exactly_what_was_sent(g):
    if not os.path.exists(TERRAFORM):
        raise Skip(f"terraform as {TERRAFORM}")
    plan_gets_exactly(g, TERRAFORM_MAKES)


@here
@own(local=TOFU)
def test_what_is_no_value(g):
    """What JSON cannot say, or a program could not be given whole, is refused with its place, for all types."""
    with services(g) as folder:
        cases = [('"\\u0000"', "\\u0000 is not allowed"), ('"a\\u0000b"', "\\u0000 is not allowed"),
                 ('"\\ud800"', "surrogate"), ('"\\udc00\\ud800"', "surrogate"), ('"a\x01"', "control character"),
                 ('"\\x00"', ""), ("1e400", "too large"), ("1" * 5000, "too large"), ("NaN", ""), ("-Infinity", ""), ("'x'", ""),
                 ("01", ""), ('{"a":1,"a":2}', "a"), ("[1,]", "")]
        for service in ("python", "program", "play", "plan"):
            for text, says in cases:
                reply = g.call("POST", "/services/run", headers={"Content-Type": "application/json"},
                               raw=b'{"clusterId":"four","serviceName":"%s","params":{"action":"plan","v":%s}}' % (
                                   service.encode(), text.encode()))
                check(reply.status == 400 and "line 1, column" in reply.json["message"] and says in reply.json["message"],
                      service, text[:40], reply)
        for bad in (b'"\xff"', b'"\xed\xa0\x80"', b'"\xc0\x80"'):
            reply = g.call("POST", "/services/run", headers={"Content-Type": "application/json"},
                           raw=b'{"clusterId":"four","serviceName":"python","params":{"v":%s}}' % bad)
            check(reply.status == 400 and "UTF-8" in reply.json["message"], bad, reply)
        check(not list(folder.glob("*.seen")) and not g.jobs("four"), "something was run")
