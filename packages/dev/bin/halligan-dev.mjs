#!/usr/bin/env node
import { requireNode } from "@halligan/protocol/require-node";

requireNode("npm run dev");
await import("../src/dev-main.ts");
