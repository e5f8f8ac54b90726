#!/usr/bin/env node
import { requireNode } from "@halligan/protocol/require-node";

requireNode("npm run attack");
await import("../src/attacks/attack-main.ts");
