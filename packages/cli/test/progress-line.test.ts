import assert from "node:assert/strict";
import { it } from "node:test";
import type { CommandStatusWire, MachineActionWire, WaitingWire } from "@halligan/protocol/api";
import { progressLine } from "../src/render/progress/progress-line.ts";

const command = (index: number, commandStatus: CommandStatusWire["commandStatus"]): CommandStatusWire => ({
  index,
  startTime: null,
  endTime: null,
  commandStatus,
  errors: [],
  command: { type: "GetFile", params: [{ key: "Path", value: "/x" }] },
});

const ACTION: MachineActionWire = {
  id: "the-id",
  type: "LiveResponse",
  title: null,
  requestor: "app",
  requestorComment: "",
  status: "InProgress",
  machineId: "m",
  computerDnsName: "web-01",
  creationDateTimeUtc: "",
  lastUpdateDateTimeUtc: "",
  cancellationRequestor: null,
  cancellationComment: null,
  cancellationDateTimeUtc: null,
  errorHResult: 0,
  scope: null,
  externalId: null,
  requestSource: "PublicApi",
  relatedFileInfo: null,
  commands: [command(0, "Completed"), command(1, "Created")],
  troubleshootInfo: null,
};

it("the progress line says which command runs, how far its file is, and for how long one has waited", () => {
  const transfer = { index: 1, transferredBytes: 12 * 1024 * 1024 };
  assert.equal(
    progressLine("the-id", ACTION, transfer, 8_400),
    "InProgress  command 2 of 2 (GetFile, 12.0 MiB)  8 s  the-id",
  );
  const ofAnother = { ...transfer, index: 0 };
  for (const moved of [null, ofAnother]) {
    assert.equal(progressLine("the-id", ACTION, moved, 0), "InProgress  command 2 of 2 (GetFile)  0 s  the-id");
  }
  assert.equal(progressLine("the-id", null, null, 61_000), "the-id  1 min 1 s");
});

it("the progress line says what the action waits for, except what the step already says", () => {
  const times = { since: null, until: null };
  const line = (waiting: WaitingWire) => progressLine("the-id", ACTION, null, 8_400, waiting, 0);
  assert.equal(
    line({ reason: "InsufficientStorage", index: 1, ...times, detail: "the server is out of storage space" }),
    "InProgress  command 2 of 2 (GetFile)  8 s  command 1 waits: the server is out of storage space  the-id",
  );
  assert.equal(
    line({ reason: "Transferring", index: 1, ...times, detail: "" }),
    "InProgress  command 2 of 2 (GetFile)  8 s  the-id",
  );
});
