import type { Application } from "../../store/identity/applications.ts";
import type { ServiceContext } from "../context.ts";

/** `GET /halligan/v1/applications` */
export function listApplications({ store }: ServiceContext): Promise<Application[]> {
  return store.read((tx) => tx.applications.list());
}
