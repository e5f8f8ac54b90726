#!/usr/bin/env node
import { requireNode } from "@halligan/protocol/require-node";

requireNode("npm run release");
await import("../src/main.ts");
