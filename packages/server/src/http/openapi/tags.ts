/** The chapters of the document, in its order. */
export const TAGS = {
  "Live response": "Run commands on one device and fetch what they brought.",
  "Machine actions": "Requests for a device and how far they are.",
  Machines: "Devices that are enrolled.",
  Library: "Scripts and tools that live response puts on devices and runs there.",
  Tokens: "Where applications get their bearer tokens.",
  Halligan: "What the contract has no word for: applications, enrollment, device groups, the audit log.",
  Agents: "For the program on the device. Bytes travel here, beside its WebSocket link at `/agent/v1/link`.",
} as const;
export type Tag = keyof typeof TAGS;
