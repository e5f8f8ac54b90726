import { Type } from "typebox";
import type { AnswerDoc, ParameterDoc } from "../operation-doc.ts";
import { SAMPLE } from "../sample-values.ts";

/** Parameters and answers that several operations have. */

export const machineIdParameter: ParameterDoc = {
  description: "Id of the machine: 40 hex digits.",
  schema: Type.String(),
  example: SAMPLE.machineId,
};

export const actionIdParameter: ParameterDoc = {
  description: "Id of the machine action: a GUID.",
  schema: Type.String(),
  example: SAMPLE.actionId,
};

export const commandIndexParameter: ParameterDoc = {
  description: "Number of the command in the action, from 0.",
  schema: Type.Integer({ minimum: 0 }),
  example: 0,
};

export const fileNameParameter: ParameterDoc = {
  description: "Name of the library file.",
  schema: Type.String(),
  example: SAMPLE.fileName,
};

export const rangeParameter: ParameterDoc = {
  description: "`bytes=N-` goes on with a download that was broken off; the answer is then 206.",
  schema: Type.String(),
};

/** Any bytes at all. */
export const BYTES = Type.Unsafe<unknown>({ contentMediaType: "application/octet-stream" });

export const partialAnswer: AnswerDoc = {
  description: "The bytes that `Range` asked for.",
  content: { "application/octet-stream": { schema: BYTES } },
};

export const RANGE_REFUSED = "`BadRequest`: the range lies outside the content.";
