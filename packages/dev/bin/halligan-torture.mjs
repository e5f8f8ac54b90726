#!/usr/bin/env node
import { requireNode } from "@halligan/protocol/require-node";

requireNode("npm run torture");
await import("../src/torture/torture-main.ts");
