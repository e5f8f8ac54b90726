import { describePermissionMatrix } from "./permission-matrix.contract.ts";

describePermissionMatrix("SQLite");
