import { describePermissionMatrix } from "./permission-matrix/permission-matrix.contract.ts";

describePermissionMatrix("SQLite");
