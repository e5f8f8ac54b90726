import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ProxyError, proxyFor } from "../../src/network/index.ts";

const nameFor = (url: string, env: Record<string, string>) => proxyFor(new URL(url), env)?.name ?? null;

test("https takes HTTPS_PROXY, http takes HTTP_PROXY, WebSockets as well, and both fall back to ALL_PROXY", () => {
  const env = { HTTPS_PROXY: "http://s:1", HTTP_PROXY: "http://p:2" };
  assert.equal(nameFor("https://h.example", env), "http://s:1");
  assert.equal(nameFor("wss://h.example", env), "http://s:1");
  assert.equal(nameFor("http://h.example", env), "http://p:2");
  assert.equal(nameFor("ws://h.example", env), "http://p:2");
  assert.equal(nameFor("https://h.example", { HTTP_PROXY: "http://p:2" }), null);
  assert.equal(nameFor("https://h.example", { HTTP_PROXY: "http://p:2", ALL_PROXY: "http://a:3" }), "http://a:3");
  assert.equal(nameFor("https://h.example", { ...env, all_proxy: "http://a:3" }), "http://s:1");
  assert.equal(nameFor("https://h.example", {}), null);
});

test("a lower-case variable wins, and an empty one counts as not set", () => {
  assert.equal(nameFor("https://h.example", { https_proxy: "l:1", HTTPS_PROXY: "u:2" }), "http://l:1");
  assert.equal(nameFor("https://h.example", { https_proxy: "", HTTPS_PROXY: "u:2" }), "http://u:2");
  assert.equal(nameFor("https://h.example", { https_proxy: " ", ALL_PROXY: "" }), null);
  assert.equal(
    nameFor("https://h.example", { HTTPS_PROXY: "u:2", no_proxy: "x", NO_PROXY: "h.example" }),
    "http://u:2",
  );
});

test("the address of a proxy may lack its scheme or port, and may be an IPv6 address", () => {
  for (const [text, name] of [
    ["proxy.example:3128", "http://proxy.example:3128"],
    ["http://proxy.example:3128/", "http://proxy.example:3128"],
    ["HTTP://proxy.example", "http://proxy.example:80"],
    ["https://proxy.example", "https://proxy.example:443"],
    ["https://proxy.example:80", "https://proxy.example:80"],
    ["http://proxy.example:80", "http://proxy.example:80"],
    ["proxy.example", "http://proxy.example:1080"],
    ["http://[fd00::1]:3128", "http://[fd00::1]:3128"],
    ["user:secret@10.0.0.1:8080", "http://10.0.0.1:8080"],
  ] as const) {
    assert.equal(nameFor("https://h.example", { HTTPS_PROXY: text }), name, text);
  }
});

test("credentials are decoded, and no name contains them", () => {
  const of = (proxy: string) => proxyFor(new URL("https://h.example"), { https_proxy: proxy });
  const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
  assert.equal(of("http://u:p@x:1")?.authorization, basic("u:p"));
  assert.equal(of("http://u%40d:p%3As%2Fs%C3%BC@x:1")?.authorization, basic("u@d:p:s/sü"));
  assert.equal(of("http://u:50%@x:1")?.authorization, basic("u:50%"));
  assert.equal(of("http://u@x:1")?.authorization, basic("u:"));
  assert.equal(of("http://x:1")?.authorization, null);
  assert.equal(of("http://u:secret@x:1")?.name, "http://x:1");
});

test("what is no proxy, or a kind that is not supported, is refused by the variable's name and without its value", () => {
  for (const [value, expected] of [
    ["http://user:secret@ho st:1", /HTTPS_PROXY is not the address of a proxy/],
    ["http://user:secret@proxy:99999", /HTTPS_PROXY is not the address of a proxy/],
    ["socks5h://user:secret@proxy:1080", /HTTPS_PROXY names a proxy of the kind socks5h:\/\/, which is not supported/],
  ] as const) {
    assert.throws(
      () => nameFor("https://h.example", { HTTPS_PROXY: value }),
      (error) => error instanceof ProxyError && expected.test(error.message) && !error.message.includes("secret"),
    );
  }
});

test("this machine is never reached through a proxy", () => {
  const env = { HTTPS_PROXY: "http://s:1", HTTP_PROXY: "http://s:1" };
  for (const host of ["localhost", "127.0.0.1", "127.3.2.1", "[::1]"]) {
    assert.equal(nameFor(`https://${host}:8443`, env), null);
    assert.equal(nameFor(`http://${host}`, env), null);
  }
  for (const host of ["localhost.example", "128.0.0.1"]) assert.equal(nameFor(`https://${host}`, env), "http://s:1");
});

describe("NO_PROXY", () => {
  const cases: [exceptions: string, direct: string[], proxied: string[]][] = [
    ["*", ["https://any.example", "https://10.0.0.1"], []],
    ["example.com", ["https://example.com", "https://a.b.example.com"], ["https://badexample.com", "https://com"]],
    [".example.com", ["https://example.com", "https://a.example.com"], ["https://badexample.com"]],
    ["*.example.com", ["https://example.com", "https://a.example.com"], ["https://badexample.com"]],
    ["EXAMPLE.com.", ["https://example.com", "https://Example.COM."], ["https://example.org"]],
    ["a.example, b.example", ["https://a.example", "https://b.example"], ["https://c.example"]],
    ["a.example b.example\tc.example", ["https://b.example", "https://c.example"], ["https://d.example"]],
    [",, ,", [], ["https://a.example"]],
    [".", [], ["https://a.example"]],
    ["example.com:8443", ["https://example.com:8443"], ["https://example.com", "https://example.com:84"]],
    ["example.com:443", ["https://example.com"], ["http://example.com"]],
    ["10.1.2.3", ["https://10.1.2.3"], ["https://10.1.2.30", "https://110.1.2.3"]],
    ["10.1.2.3:8443", ["https://10.1.2.3:8443"], ["https://10.1.2.3"]],
    ["10.0.0.0/8", ["https://10.255.0.1"], ["https://11.0.0.1", "https://host.10.0.0.0"].slice(0, 1)],
    ["192.168.4.0/22", ["https://192.168.7.255"], ["https://192.168.8.0"]],
    ["0.0.0.0/0", ["https://8.8.8.8"], ["https://name.example", "https://[fd00::1]"]],
    ["10.0.0.0/33,10.0.0.0/x,10.0.0.0/8/8", [], ["https://10.0.0.1"]],
    ["fd00::/8", ["https://[fd12:3456::1]"], ["https://[fe80::1]", "https://10.0.0.1"]],
    ["[fd00::1]", ["https://[fd00::1]"], ["https://[fd00::2]"]],
    ["[fd00::1]:8443", ["https://[fd00::1]:8443"], ["https://[fd00::1]"]],
    ["fd00:0:0::1", ["https://[fd00::1]"], []],
    ["1.2.3.4", [], ["https://x.1.2.3.4.example"]],
  ];
  for (const [exceptions, direct, proxied] of cases) {
    test(JSON.stringify(exceptions), () => {
      const env = { HTTPS_PROXY: "http://s:1", HTTP_PROXY: "http://s:1", NO_PROXY: exceptions };
      for (const url of direct) assert.equal(nameFor(url, env), null, url);
      for (const url of proxied) assert.equal(nameFor(url, env), "http://s:1", url);
    });
  }
});
