import {
  ApplicationListWire,
  AuditListWire,
  BlockedCallerListWire,
  BlockedCallerWire,
  EnrollmentTokenListWire,
  EnrollmentTokenSummaryWire,
  EnrollmentTokenWire,
  HealthWire,
  InfoWire,
  NewApplicationSecretWire,
  NewApplicationWire,
  PERMISSIONS,
  ReadinessWire,
  UnreadyWire,
} from "@halligan/protocol/api";
import { Type } from "typebox";
import { json, type OperationDoc } from "../operation-doc.ts";
import { SAMPLE } from "../sample-values.ts";

const application = {
  clientId: SAMPLE.clientId,
  name: "SOAR playbooks",
  roles: ["Machine.LiveResponse", "Machine.Read.All"],
  hasSecret: true,
  secrets: [
    { id: SAMPLE.secretId, createdAt: "2026-11-20T09:00:00.25Z", expiresAt: "2027-02-18T09:00:00.25Z", isUsable: true },
  ],
  keyIds: [],
  createdAt: "2026-11-20T09:00:00.25Z",
  ownerId: null,
};
const blockedCaller = {
  callerId: SAMPLE.outsideCallerId,
  blockedBy: "Administrator",
  blockedAt: "2026-11-21T12:30:00.5Z",
  reason: "Left the company",
};
const enrollmentToken = {
  id: SAMPLE.enrollmentTokenId,
  state: "usable" as const,
  createdBy: "Administrator",
  createdAt: "2026-11-20T13:00:00.118Z",
  expiresAt: "2026-11-21T13:00:00.118Z",
  uses: 20,
  usesLeft: 18,
  lastUsedAt: "2026-11-20T14:12:09.4Z",
  machinesEnrolled: 2,
  revokedAt: null,
  revokedBy: null,
};
const BODY_REFUSED = "`InvalidRequestBody`, `MissingRequiredParameter`: the body.";
const OPEN = { additionalProperties: true };
const OpenApi = Type.Object({ openapi: Type.String(), paths: Type.Object({}, OPEN) }, OPEN);
const text = (description: string) => ({ description, schema: Type.String() });

export const administrationDocs = {
  GetInfo: {
    tag: "Halligan",
    summary: "Find the token endpoint",
    description: "What a client needs before it has a token.",
    answers: {
      200: json("This server.", InfoWire, {
        product: "Halligan",
        version: "0.1.0",
        tenant: SAMPLE.tenant,
        tokenUrl: `http://127.0.0.1:8780/${SAMPLE.tenant}/oauth2/v2.0/token`,
      }),
    },
  },
  GetHealth: {
    tag: "Halligan",
    summary: "Whether the process lives",
    description: "For what restarts it. Asks no database, so that one that is away restarts nothing.",
    answers: { 200: json("It lives.", HealthWire, { status: "alive" }) },
  },
  GetReadiness: {
    tag: "Halligan",
    summary: "Whether this node may be given work",
    description: "For a load balancer: 503 with what is missing.",
    answers: {
      200: json("It is ready.", ReadinessWire, { ready: true, missing: [], warnings: [] }),
      503: json("It is not.", UnreadyWire, {
        error: {
          code: "ServiceUnavailable",
          message: "This node is not ready: database: it does not answer",
          target: "7f5a3c1e-9a94-4f0b-8d53-0c2e6f1a4b77",
        },
        ready: false,
        missing: [{ part: "database", reason: "it does not answer" }],
      }),
    },
  },
  GetMetrics: {
    tag: "Halligan",
    summary: "Figures for Prometheus",
    description:
      "Given to this machine itself, and elsewhere to whoever has the token of `HALLIGAN_METRICS_TOKEN` as its bearer token.",
    answers: { 200: { description: "The figures.", content: { "text/plain": { schema: Type.String() } } } },
    refusals: { 401: "`Unauthorized`: asked from elsewhere without the token." },
  },
  GetOpenApi: {
    tag: "Halligan",
    summary: "This document",
    description: "With the address of the server that is asked.",
    answers: {
      200: json("An OpenAPI 3.1 document.", OpenApi),
    },
  },
  CreateEnrollmentToken: {
    tag: "Halligan",
    summary: "Make an enrollment token",
    description: "With it devices enroll. The answer is the only place where the token ever stands.",
    bodyExample: { uses: 1, expiresInSeconds: 3600 },
    answers: {
      201: json("The token.", EnrollmentTokenWire, {
        id: SAMPLE.enrollmentTokenId,
        token: SAMPLE.enrollmentToken,
        uses: 1,
        expiresAt: "2026-11-21T13:00:00.118Z",
      }),
    },
    refusals: { 400: BODY_REFUSED },
  },
  ListEnrollmentTokens: {
    tag: "Halligan",
    summary: "List enrollment tokens",
    description: "Newest first, those that are used up, expired or revoked too. The tokens themselves are not kept.",
    query: {
      top: {
        description: "How many at most. Default 200.",
        schema: Type.Integer({ minimum: 1, maximum: 1_000 }),
        example: 10,
      },
      before: text("Only tokens that were made before the one with this id."),
    },
    answers: {
      200: json("One page of them.", EnrollmentTokenListWire, { value: [enrollmentToken], nextLink: null }),
    },
    refusals: { 400: "`InvalidInput`: an option that does not exist, or a value out of its bounds." },
  },
  RevokeEnrollmentToken: {
    tag: "Halligan",
    summary: "Revoke an enrollment token",
    description:
      "No device enrolls with it from then on. Machines that did stay enrolled; " +
      "`GET /halligan/v1/machines?enrollmentTokenId=` lists them. Repeating it changes nothing.",
    path: {
      tokenId: { description: "Id of the token.", schema: Type.String(), example: SAMPLE.enrollmentTokenId },
    },
    answers: {
      200: json("The token.", EnrollmentTokenSummaryWire, {
        ...enrollmentToken,
        state: "revoked",
        usesLeft: 0,
        revokedAt: "2026-11-21T12:30:00.5Z",
        revokedBy: "Administrator",
      }),
    },
    refusals: { 404: "`ResourceNotFound`: there is no such token." },
  },
  CreateApplication: {
    tag: "Halligan",
    summary: "Register an application",
    description: `The answer is the only place where the secret ever stands. With \`keys\` there is none. Roles: ${Object.keys(
      PERMISSIONS,
    )
      .map((name) => `\`${name}\``)
      .join(", ")}.`,
    bodyExample: { name: application.name, roles: application.roles },
    answers: {
      201: json("The application and its secret.", NewApplicationWire, {
        ...application,
        clientSecret: SAMPLE.clientSecret,
      }),
    },
    refusals: {
      400: `${BODY_REFUSED} \`InvalidInput\`: a role that does not exist.`,
      403: "`Forbidden`: a role that the caller does not have itself.",
    },
  },
  ListApplications: {
    tag: "Halligan",
    summary: "List applications",
    answers: { 200: json("All of them.", ApplicationListWire, { value: [application] }) },
  },
  DeleteApplication: {
    tag: "Halligan",
    summary: "Remove an application",
    description: "Its tokens and result links are refused at once, and within a second on other nodes.",
    path: {
      clientId: { description: "Its client id.", schema: Type.String(), example: SAMPLE.clientId },
    },
    answers: { 204: { description: "It is removed." } },
    refusals: {
      400: "`BadRequest`: it is in use and cannot be removed.",
      404: "`ResourceNotFound`: there is no such application.",
    },
  },
  DeleteApplicationSecret: {
    tag: "Halligan",
    summary: "Remove an application's secret",
    description:
      "For an application that has keys as well, as older versions made them. Tokens that it got by the secret are refused.",
    path: {
      clientId: { description: "Its client id.", schema: Type.String(), example: SAMPLE.clientId },
    },
    answers: { 204: { description: "It has no secret." } },
    refusals: {
      400: "`BadRequest`: it has no key.",
      404: "`ResourceNotFound`: there is no such application.",
    },
  },
  AddApplicationSecret: {
    tag: "Halligan",
    summary: "Add a secret to an application",
    description:
      "Up to ten at a time, each with an end of its own, so that installations change over one by one. The answer is the " +
      "only place where the secret ever stands. The caller needs every permission that the application has.",
    path: { clientId: { description: "Its client id.", schema: Type.String(), example: SAMPLE.clientId } },
    bodyExample: { expiresInSeconds: 7_776_000 },
    answers: {
      201: json("The secret.", NewApplicationSecretWire, {
        ...application.secrets[0],
        clientSecret: SAMPLE.clientSecret,
      }),
    },
    refusals: {
      400: `${BODY_REFUSED} \`BadRequest\`: it signs in by keys, or has ten secrets.`,
      403: "`Forbidden`: the application has a permission that the caller does not have.",
      404: "`ResourceNotFound`: there is no such application.",
    },
  },
  RemoveApplicationSecret: {
    tag: "Halligan",
    summary: "Remove one secret of an application",
    description: "Tokens that it gave are refused at once, and within a second on other nodes.",
    path: {
      clientId: { description: "Its client id.", schema: Type.String(), example: SAMPLE.clientId },
      secretId: { description: "Id of the secret.", schema: Type.String(), example: SAMPLE.secretId },
    },
    answers: { 204: { description: "It is removed." } },
    refusals: {
      400: "`BadRequest`: it is the only one of the application that asks.",
      404: "`ResourceNotFound`: there is no such application, or it has no such secret.",
    },
  },
  RevokeApplicationTokens: {
    tag: "Halligan",
    summary: "Revoke the tokens of an application",
    description:
      "Access tokens and result links that it has are refused at once, and within a second on other nodes. Its secrets stay good.",
    path: { clientId: { description: "Its client id.", schema: Type.String(), example: SAMPLE.clientId } },
    answers: { 204: { description: "They are revoked." } },
    refusals: { 404: "`ResourceNotFound`: there is no such application." },
  },
  BlockCaller: {
    tag: "Halligan",
    summary: "Block a caller of an outside issuer",
    description:
      "Its tokens and result links are refused at once, and within a second on other nodes, whatever the issuer says. " +
      "Repeating it changes nothing.",
    bodyExample: { callerId: blockedCaller.callerId, reason: blockedCaller.reason },
    answers: { 200: json("The blocked caller.", BlockedCallerWire, blockedCaller) },
    refusals: { 400: `${BODY_REFUSED} \`InvalidInput\`: the caller itself.` },
  },
  ListBlockedCallers: {
    tag: "Halligan",
    summary: "List blocked callers",
    answers: { 200: json("All of them, newest first.", BlockedCallerListWire, { value: [blockedCaller] }) },
  },
  UnblockCaller: {
    tag: "Halligan",
    summary: "End the block of a caller",
    path: {
      callerId: { description: "Its id.", schema: Type.String(), example: blockedCaller.callerId },
    },
    answers: { 204: { description: "It is not blocked any more." } },
    refusals: { 404: "`ResourceNotFound`: it is not blocked." },
  },
  ListAudit: {
    tag: "Halligan",
    summary: "Read the audit log",
    description: "Who asked what of which machine when, newest first. `nextLink` leads to older records.",
    query: {
      machineId: { ...text("Only what concerns this machine."), example: SAMPLE.machineId },
      actionId: text("Only what concerns this machine action."),
      actorId: text("Only what this application or user did."),
      operation: {
        ...text(
          "Only this operation, by its name in this document, or a background event; records under a former name too.",
        ),
        example: "RunLiveResponse",
      },
      top: {
        description: "How many at most. Default 200.",
        schema: Type.Integer({ minimum: 1, maximum: 1_000 }),
        example: 10,
      },
      before: { description: "Only records older than the one with this `seq`.", schema: Type.Integer({ minimum: 1 }) },
    },
    answers: {
      200: json("One page of it.", AuditListWire, {
        value: [
          {
            seq: 17,
            at: "2026-11-21T12:00:00.118Z",
            actor: "Administrator",
            actorId: SAMPLE.clientId,
            actorKind: "application",
            application: SAMPLE.clientId,
            address: "192.0.2.7",
            operation: "RunLiveResponse",
            machineId: SAMPLE.machineId,
            actionId: SAMPLE.actionId,
            detail: {
              comment: "case 4711",
              commands: [{ type: "RunScript", target: SAMPLE.fileName, args: "--all", sha256: SAMPLE.scriptSha256 }],
            },
          },
        ],
        nextLink: null,
      }),
    },
    refusals: { 400: "`BadRequest`: an option that does not exist, or a value out of its bounds." },
  },
} as const satisfies Record<string, OperationDoc>;
