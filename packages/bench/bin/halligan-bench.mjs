#!/usr/bin/env node
import { requireNode } from "@halligan/protocol/require-node";

requireNode("npm run bench");
await import("../src/main.ts");
