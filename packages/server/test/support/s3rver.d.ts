/** The types of `s3rver` that the tests use, because the package has no types. */
declare module "s3rver" {
  import type { AddressInfo } from "node:net";
  import type { Readable } from "node:stream";

  export interface Context {
    readonly method: string;
    readonly req: Readable;
    readonly query: Readonly<Record<string, string>>;
    readonly path: string;
    status: number;
    type: string;
    body: unknown;
  }
  export interface StoredObject {
    readonly bucket: string;
    readonly key: string;
    content: Readable;
    readonly range: { start: number; end: number };
    readonly metadata: object;
  }
  export interface Store {
    getResourcePath(bucket: string, key: string | undefined, resource: string): string;
    putMetadata(bucket: string, key: string, metadata: object, md5: string): Promise<void>;
    putObject(object: StoredObject): Promise<{ size: number; md5: string }>;
    putPart(bucket: string, upload: string, part: string, content: Readable): Promise<{ size: number; md5: string }>;
    getObject(bucket: string, key: string, options: { start?: number; end?: number }): Promise<StoredObject | null>;
    deleteObject(bucket: string, key: string): Promise<void>;
  }
  export default class S3rver {
    constructor(options: object);
    readonly store: Store;
    readonly middleware: ((context: Context, next: () => Promise<void>) => Promise<void>)[];
    run(): Promise<AddressInfo>;
  }
}
