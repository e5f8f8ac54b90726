import { Type } from "typebox";
import type { Entity } from "../../odata/fields.ts";
import { PAGE_LIMITS } from "../../odata/query.ts";
import type { ParameterDoc } from "../edge/operation-doc.ts";

const whole = (maximum?: number) => Type.Integer({ minimum: 0, ...(maximum !== undefined && { maximum }) });

/** The query options of a list. `examples`: of the options that the example request has. */
export function odataParameters(
  { title, fields }: Entity,
  examples: { readonly $filter?: string; readonly $orderby?: string },
  { hasPages = true }: { readonly hasPages?: boolean } = {},
): Readonly<Record<string, ParameterDoc>> {
  const names = [...fields.values()].map(({ name }) => `\`${name}\``).join(", ");
  const { $filter, $orderby } = examples;
  return {
    $filter: {
      description:
        `Which ${title}: \`eq\`, \`ne\`, \`gt\`, \`ge\`, \`lt\`, \`le\`, \`in\`, \`and\`, \`or\`, \`not\`, \`startswith\`, \`endswith\`, \`contains\`. ` +
        `Texts in single quotes, in any letter case; times without. Properties, in any letter case: ${names}.`,
      schema: Type.String(),
      ...($filter !== undefined && { example: $filter }),
    },
    $orderby: {
      description: "Properties of `$filter`, each with `asc` or `desc`, separated by commas.",
      schema: Type.String(),
      ...($orderby !== undefined && { example: $orderby }),
    },
    $top: {
      description: hasPages
        ? `How many at most, over all pages. Without it pages of ${PAGE_LIMITS.defaultPage} with \`@odata.nextLink\`.`
        : "How many at most. Without it all of them.",
      schema: whole(PAGE_LIMITS.maxTop),
      example: 10,
    },
    $skip: { description: "How many of the first ones to pass over.", schema: whole(), example: 0 },
    $count: { description: "Adds `@odata.count`: how many there are in all.", schema: Type.Boolean(), example: true },
    $select: {
      description: "Properties to answer with, separated by commas; the items then have these alone.",
      schema: Type.String(),
    },
    ...(hasPages && {
      $skiptoken: {
        description: "Where to go on: part of `@odata.nextLink`, not to be made up.",
        schema: Type.String(),
      },
    }),
  };
}
