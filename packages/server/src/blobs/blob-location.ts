import { err, ok, type Result } from "@halligan/protocol/errors";

/** Where the bytes are, without any secret. */
export type BlobLocation = FolderLocation | S3Location | AzureLocation;

export interface FolderLocation {
  readonly kind: "folder";
  readonly folder: string;
}

export interface S3Location {
  readonly kind: "s3";
  readonly bucket: string;
  /** Empty, or ending in a slash. */
  readonly prefix: string;
  readonly region: string;
  /** Null: Amazon's own. */
  readonly endpoint: URL | null;
  /**
   * True: the bucket is in the path and not in the host name, which most servers other than
   * Amazon's need.
   */
  readonly pathStyle: boolean;
}

export interface AzureLocation {
  readonly kind: "azure";
  readonly account: string;
  readonly container: string;
  /** Empty, or ending in a slash. */
  readonly prefix: string;
  /** Null: `https://<account>.blob.core.windows.net`. */
  readonly endpoint: URL | null;
}

export interface BlobLocationInvalid {
  readonly code: "BlobLocationInvalid";
  /** Names the mistake, and never repeats text that may contain a secret. */
  readonly detail: string;
}

type Parsed<T> = Result<T, BlobLocationInvalid>;
const invalid = (detail: string) => err({ code: "BlobLocationInvalid", detail } as const);

/**
 * A folder, `s3://bucket/prefix?region=eu-central-1&endpoint=https://s3.example&pathStyle=true`, or
 * `azure://account/container/prefix?endpoint=https://blob.example`. Text with another scheme is
 * refused, because it was not meant as a folder.
 */
export function parseBlobLocation(text: string): Parsed<BlobLocation> {
  if (text === "") return invalid("it is empty: give a folder, s3://bucket or azure://account/container");
  const [, scheme] = /^([A-Za-z][A-Za-z0-9+.-]+):\/\//.exec(text) ?? [];
  if (scheme === undefined) return ok({ kind: "folder", folder: text });
  if (scheme !== "s3" && scheme !== "azure") return invalid(`there is no ${scheme}://; s3:// and azure:// there are`);
  if (!URL.canParse(text)) return invalid(`it is not a URL; write ${FORM[scheme]}`);
  const url = new URL(text);
  if (url.username !== "" || url.password !== "")
    return invalid("it must not hold credentials: they have their own settings");
  if (url.port !== "" || url.hash !== "") return invalid(`it has a port or a #; write ${FORM[scheme]}`);
  return scheme === "s3" ? parseS3(url) : parseAzure(url);
}

const FORM = { s3: "s3://bucket/prefix?region=...", azure: "azure://account/container/prefix" } as const;

function parseS3(url: URL): Parsed<S3Location> {
  const fault = parameterFault(url, ["region", "endpoint", "pathStyle", "insecure"]);
  if (fault !== null) return invalid(fault);
  const bucket = url.hostname;
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) {
    return invalid("the bucket's name has 3 to 63 lower-case letters, digits, dots and hyphens");
  }
  const prefix = parsePrefix(url.pathname);
  if (!prefix.ok) return prefix;
  const endpoint = parseEndpoint(url);
  if (!endpoint.ok) return endpoint;
  const region = url.searchParams.get("region") ?? (endpoint.value === null ? null : "us-east-1");
  if (region === null) return invalid("the region is missing: add ?region=..., or an endpoint when it is not Amazon's");
  if (!/^[a-z0-9-]{1,64}$/.test(region)) return invalid("region has lower-case letters, digits and hyphens");
  const pathStyle = parseFlag(url, "pathStyle");
  if (pathStyle === null) return invalid("pathStyle must be true or false");
  return ok({ kind: "s3", bucket, prefix: prefix.value, region, endpoint: endpoint.value, pathStyle });
}

function parseAzure(url: URL): Parsed<AzureLocation> {
  const fault = parameterFault(url, ["endpoint", "insecure"]);
  if (fault !== null) return invalid(fault);
  const account = url.hostname;
  if (!/^[a-z0-9]{3,24}$/.test(account)) return invalid("the account's name has 3 to 24 lower-case letters and digits");
  const [container = "", ...rest] = url.pathname.slice(1).split("/");
  if (container === "") return invalid(`the container is missing; write ${FORM.azure}`);
  if (!/^[a-z0-9](?:-?[a-z0-9]){2,62}$/.test(container)) {
    return invalid("the container's name has 3 to 63 lower-case letters, digits and single hyphens");
  }
  const prefix = parsePrefix(`/${rest.join("/")}`);
  if (!prefix.ok) return prefix;
  const endpoint = parseEndpoint(url);
  if (!endpoint.ok) return endpoint;
  return ok({ kind: "azure", account, container, prefix: prefix.value, endpoint: endpoint.value });
}

function parameterFault(url: URL, known: readonly string[]): string | null {
  const names = [...url.searchParams.keys()];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) return `there is no parameter ${unknown.slice(0, 40)}; there are ${known.join(", ")}`;
  const repeated = names.find((name, at) => names.indexOf(name) !== at);
  return repeated === undefined ? null : `${repeated} is given twice`;
}

function parsePrefix(path: string): Parsed<string> {
  const trimmed = path.replace(/^\//, "").replace(/\/$/, "");
  if (trimmed === "") return ok("");
  const isPlain = trimmed.split("/").every((name) => /^[A-Za-z0-9._-]+$/.test(name) && !/^\.+$/.test(name));
  return isPlain
    ? ok(`${trimmed}/`)
    : invalid("the prefix has names of letters, digits, dots, hyphens and underscores");
}

function parseEndpoint(url: URL): Parsed<URL | null> {
  const text = url.searchParams.get("endpoint");
  if (text === null) return ok(null);
  const endpoint = URL.canParse(text) ? new URL(text) : null;
  if (endpoint === null || !/^https?:$/.test(endpoint.protocol)) return invalid("endpoint must be an https:// URL");
  if (endpoint.username !== "" || endpoint.password !== "" || endpoint.search !== "" || endpoint.hash !== "") {
    return invalid("endpoint must be a plain URL: no credentials, no query");
  }
  const isInsecure = parseFlag(url, "insecure");
  if (isInsecure === null) return invalid("insecure must be true or false");
  if (
    endpoint.protocol === "http:" &&
    !isInsecure &&
    !/^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(endpoint.hostname)
  ) {
    return invalid(
      "endpoint is plain HTTP: what devices sent would cross the network in the clear. If it may, add insecure=true",
    );
  }
  return ok(endpoint);
}

function parseFlag(url: URL, name: string): boolean | null {
  const text = url.searchParams.get(name) ?? "false";
  return text === "true" ? true : text === "false" ? false : null;
}

/**
 * The same text for the same storage, without secrets. Nodes compare it, because nodes with
 * different storage would lose results. Null for a folder, which no other node can share.
 */
export function blobLocationIdentity(location: BlobLocation): string | null {
  if (location.kind === "folder") return null;
  const at = location.endpoint?.href.replace(/\/$/, "");
  if (location.kind === "azure") return `azure ${at ?? location.account}/${location.container}/${location.prefix}`;
  // Amazon's bucket names are unique over all regions.
  return `s3 ${at ?? "amazon"}/${location.bucket}/${location.prefix}`;
}
