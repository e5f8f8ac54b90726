#!/usr/bin/env node
import { requireNode } from "@halligan/protocol/require-node";

requireNode("npm run demo");
await import("../src/demo-main.ts");
