import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import {
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import { PART_BYTES } from "@halligan/protocol/link";
import { BlobStoreNotOpenedError } from "../../../src/blobs/blob-credentials.ts";
import { openBlobStore } from "../../../src/blobs/open-blob-store.ts";
import {
  complete,
  contentOf,
  idOf,
  partsOf,
  pattern,
  putPart,
  readBlob,
} from "../../contract/blobs/blob-store.contract.ts";
import { located, startAzureServer } from "../../support/object-servers.ts";
import { describeObjectStore } from "./object-store.contract.ts";

describeObjectStore("the Azure blob store", startAzureServer, ["sig", "se", "rscd"]);

test("a SAS of the container and a connection string open it too, and a SAS signs no links", async () => {
  await using server = await startAzureServer();
  const deps = { random: randomBytes, nowMs: Date.now };
  const place = server.place("sas");
  const { azureAccountKey } = server.credentials;
  assert.ok(place.kind === "azure" && azureAccountKey);
  const permissions = ContainerSASPermissions.parse("rcwdl");
  const expiresOn = new Date(Date.now() + 3_600_000);
  const key = new StorageSharedKeyCredential(place.account, azureAccountKey);
  const azureSas = `${generateBlobSASQueryParameters({ containerName: place.container, permissions, expiresOn }, key)}`;
  const azureConnectionString = `AccountName=${place.account};AccountKey=${azureAccountKey};BlobEndpoint=${server.endpoint};`;
  const bytes = pattern(PART_BYTES + 5);
  const link = { fileName: "a", contentType: "text/plain", expiresAtMs: Date.now() + 60_000 };
  for (const credentials of [{ azureSas }, { azureConnectionString }]) {
    await using store = await openBlobStore(place, credentials, deps);
    for (const [part, content] of partsOf(bytes).entries()) await putPart(store, idOf("sas"), part, content);
    assert.deepEqual(await complete(store, idOf("sas"), bytes), { code: "complete" });
    assert.ok((await readBlob(await store.openResult(contentOf(idOf("sas"), bytes))))?.equals(bytes));
    assert.equal(await store.sweepPartials(-3_600_000, Date.now()), 0);
    assert.equal((await store.directLink?.(contentOf(idOf("sas"), bytes), link)) === null, "azureSas" in credentials);
    assert.equal(await store.deleteResult(idOf("sas")), true);
  }
});

test("credentials of Azure are one of three settings, and each mistake is named without the secret", async () => {
  const deps = { random: randomBytes, nowMs: Date.now };
  const place = located("azure://account/container");
  const key = Buffer.from("a secret of sixteen").toString("base64");
  const cases = [
    [{}, /set one of HALLIGAN_AZURE_ACCOUNT_KEY/],
    [{ azureAccountKey: key, azureSas: "sig=x" }, /set only one of/],
    [{ azureAccountKey: "not base64, but a secret" }, /the key in HALLIGAN_AZURE_ACCOUNT_KEY is not base64/],
    [{ azureSas: "a secret" }, /HALLIGAN_AZURE_SAS has no sig=/],
    [{ azureConnectionString: `AccountName=other;AccountKey=${key}` }, /of another account than HALLIGAN_BLOBS/],
    [{ azureConnectionString: `AccountName=account;a secret` }, /has neither AccountKey nor/],
    [{ azureConnectionString: `BlobEndpoint=a secret;AccountKey=${key}` }, /BlobEndpoint is not a URL/],
  ] as const;
  for (const [credentials, said] of cases) {
    await assert.rejects(openBlobStore(place, credentials, deps), (error) => {
      assert.ok(error instanceof BlobStoreNotOpenedError);
      assert.match(error.message, said);
      return !error.message.includes("secret") && !error.message.includes(key);
    });
  }
});
