import assert from "node:assert/strict";
import { test } from "node:test";
import { repeatedSecretName, secretNameFault } from "@halligan/protocol/link";

test("names that tools expect can be secrets", () => {
  const names = "TOKEN _x API_KEY2 PGPASSWORD AWS_SECRET_ACCESS_KEY GITHUB_TOKEN VAULT_TOKEN HTTPS_PROXY https_proxy";
  for (const name of names.split(" ")) assert.equal(secretNameFault(name), null, name);
});

test("a name that no variable has is refused", () => {
  for (const name of ["", "1A", "A-B", "A B", "A=B", "Ä", "A\n", "a".repeat(129)]) {
    assert.match(secretNameFault(name) ?? "", /is no name of a variable/, name);
  }
});

test("a name that changes what runs a script is refused, in any case of its letters", () => {
  const names =
    "PATH Path path LD_PRELOAD LD_LIBRARY_PATH ld_preload DYLD_INSERT_LIBRARIES NODE_OPTIONS BUN_OPTIONS BASH_ENV ENV IFS PS4 " +
    "SHELLOPTS PYTHONPATH PYTHONSTARTUP PERL5OPT PERL5LIB RUBYOPT RUBYLIB GLIBC_TUNABLES HOME TMPDIR PSModulePath ComSpec " +
    "PATHEXT JAVA_TOOL_OPTIONS DOTNET_STARTUP_HOOKS COR_PROFILER_PATH GIT_SSH_COMMAND EDITOR HALLIGAN_ACTION_ID";
  for (const name of names.split(" ")) assert.match(secretNameFault(name) ?? "", /changes what runs/, name);
});

test("names that differ only in their case are one variable on Windows", () => {
  assert.equal(repeatedSecretName(["A", "B", "a"]), "a");
  assert.equal(repeatedSecretName(["A", "B"]), null);
});
