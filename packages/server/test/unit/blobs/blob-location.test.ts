import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { blobLocationIdentity, parseBlobLocation } from "../../../src/blobs/blob-location.ts";

const parsed = (text: string) => {
  const location = parseBlobLocation(text);
  assert.ok(location.ok, location.ok ? "" : location.error.detail);
  return location.value;
};

test("a folder, S3 and Azure are distinguished and read", () => {
  assert.deepEqual(parsed("/var/lib/halligan/blobs"), { kind: "folder", folder: "/var/lib/halligan/blobs" });
  assert.deepEqual(parsed("C:\\halligan\\blobs"), { kind: "folder", folder: "C:\\halligan\\blobs" });
  assert.deepEqual(parsed("s3://my-bucket/live/response/?region=eu-central-1"), {
    kind: "s3",
    bucket: "my-bucket",
    prefix: "live/response/",
    region: "eu-central-1",
    endpoint: null,
    pathStyle: false,
  });
  assert.deepEqual(parsed("s3://bucket?endpoint=https://s3.example:9000&pathStyle=true"), {
    kind: "s3",
    bucket: "bucket",
    prefix: "",
    region: "us-east-1",
    endpoint: new URL("https://s3.example:9000"),
    pathStyle: true,
  });
  assert.deepEqual(parsed("azure://account/container/a"), {
    kind: "azure",
    account: "account",
    container: "container",
    prefix: "a/",
    endpoint: null,
  });
});

test("each mistake is named", () => {
  const mistakes = [
    ["", /empty/],
    ["https://bucket.s3.amazonaws.com", /there is no https:\/\//],
    ["s3://bucket", /the region is missing/],
    ["s3://Bucket?region=x", /bucket's name/],
    ["s3://b?region=x", /bucket's name/],
    ["s3:///prefix?region=x", /bucket's name/],
    ["s3://id:secret@bucket?region=x", /must not hold credentials/],
    ["s3://bucket:80?region=x", /a port/],
    ["s3://bucket?region=x&regoin=y", /no parameter regoin; there are region, endpoint/],
    ["s3://bucket?region=x&region=y", /region is given twice/],
    ["s3://bucket?region=EU", /region has lower-case/],
    ["s3://bucket?region=x&pathStyle=yes", /pathStyle must be true or false/],
    ["s3://bucket?endpoint=s3.example", /endpoint must be an https/],
    ["s3://bucket?endpoint=https://id:secret@s3.example", /endpoint must be a plain URL/],
    ["s3://bucket?endpoint=http://s3.example", /plain HTTP.*insecure=true/],
    ["s3://bucket/a//b?region=x", /the prefix has names/],
    ["s3://bucket/a/%2e%2e%2fb?region=x", /the prefix has names/],
    ["azure://account", /the container is missing/],
    ["azure://Account/container", /account's name/],
    ["azure://account/con--tainer", /container's name/],
    ["azure://account/container?region=x", /no parameter region; there are endpoint/],
  ] as const;
  for (const [text, said] of mistakes) {
    const location = parseBlobLocation(text);
    assert.ok(!location.ok, text);
    assert.match(location.error.detail, said, text);
    assert.ok(!location.error.detail.includes("secret"), text);
  }
  assert.ok(parseBlobLocation("s3://bucket?endpoint=http://minio:9000&insecure=true").ok);
});

test("no text makes it throw", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("", "s3://", "azure://", "s3://bucket/", "azure://account/c"),
      fc.string(),
      (head, tail) => {
        parseBlobLocation(head + tail);
      },
    ),
  );
});

test("two spellings of one place have one identity, two places have two, and a folder has one of its own", () => {
  const identity = (text: string) => blobLocationIdentity(parsed(text));
  assert.equal(identity("s3://bucket/a?region=x"), identity("s3://bucket/a/?region=x&pathStyle=true"));
  assert.notEqual(identity("s3://bucket/a?region=x"), identity("s3://bucket/b?region=x"));
  assert.notEqual(identity("s3://bucket/a?region=x"), identity("s3://bucket/a?endpoint=https://s3.example"));
  assert.equal(identity("azure://account/container"), identity("azure://account/container/"));
  assert.equal(identity("/var/lib/blobs"), null);
});
