#!/usr/bin/env node
import { requireNode } from "@halligan/protocol/require-node";

requireNode("npm run fuzz");
await import("../src/fuzz/fuzz-main.ts");
