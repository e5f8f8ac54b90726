import { type Static, type TSchema, Type } from "typebox";

/** The OData envelope of a list. */
export const Collection = <T extends TSchema>(item: T) =>
  Type.Object({
    "@odata.context": Type.String(),
    "@odata.count": Type.Optional(Type.Integer()),
    value: Type.Array(item),
    "@odata.nextLink": Type.Optional(Type.String()),
  });
export type Collection<T extends TSchema> = Static<ReturnType<typeof Collection<T>>>;
