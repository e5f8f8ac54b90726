#!/usr/bin/env node
import { requireNode } from "@halligan/protocol/require-node";
import { keepYoungGenerationSmall } from "@halligan/protocol/young-generation";

requireNode("halligan-agent");
keepYoungGenerationSmall();
await import("../src/main.ts");
